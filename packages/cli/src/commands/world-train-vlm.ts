import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Fields } from '@motion-enhancer/core/internal/config/field.js';
import { DEVICE_FIELDS } from '@motion-enhancer/core/internal/config/fields-of-run.js';
import { loadVlm } from '@motion-enhancer/core/internal/vlm/families/load.js';
import type { Qwen25VL } from '@motion-enhancer/models';
import { ASSETS } from '@motion-enhancer/motion-world/internal/demo/checkpoints.js';
import { CLIP_FIELDS } from '@motion-enhancer/motion-world/internal/fields.js';
import { cutTokenizer } from '@motion-enhancer/motion-world/internal/vlm/cut-tokenizer.js';
import { miniCard } from '@motion-enhancer/motion-world/internal/vlm/mini-card.js';
import { CHAT_TEXTS } from '@motion-enhancer/motion-world/internal/vlm/mini-config.js';
import { writeNewMiniVlm } from '@motion-enhancer/motion-world/internal/vlm/new-checkpoint.js';
import {
  checkScoredClips,
  pretrain,
  scoreMini,
  withoutRuns,
} from '@motion-enhancer/motion-world/internal/vlm/pretrain.js';
import { worldTexts } from '@motion-enhancer/motion-world/internal/vlm/pretrain-samples.js';
import { writeText } from '@motion-enhancer/support';
import { createProgress } from '../progress.js';
import { OUTPUT_FIELDS, parseCommand, resolveRun } from '../run-options.js';
import type { Command } from './registry.js';

const FIELDS = {
  out: { type: 'path', default: '', required: true, text: 'Folder: new/ (untrained), state, checkpoint/' },
  world: CLIP_FIELDS.world,
  from: {
    type: 'path',
    default: '',
    text: 'Checkpoint to start from instead of untrained weights, such as an earlier segment’s on another machine',
  },
  seconds: { type: 'number', default: 540, min: 0, text: 'Of this segment; a later one goes on', unit: 'seconds' },
  steps: { type: 'integer', default: 3800, min: 1, text: 'Of the whole training' },
  batchSize: { type: 'integer', default: 128, min: 1, text: 'Chats a step' },
  clips: { type: 'integer', default: 14000, min: 1, text: 'Clips of single movers, and as many still scenes' },
  lr: { type: 'number', default: 1e-3, min: 0, text: 'Peak learning rate' },
  seed: { type: 'integer', default: 0, min: 0, text: 'Of the weights and the order of the data' },
  evaluate: { type: 'integer', default: 1000, min: 1, text: 'Clips of each kind to score it on' },
  ...DEVICE_FIELDS,
  ...OUTPUT_FIELDS,
} as const satisfies Fields;

export const command: Command = {
  name: 'train-vlm',
  async run(argv) {
    const parsed = parseCommand('world train-vlm', '--out DIR [options]', FIELDS, argv);
    if (!parsed) return 0;
    const { values } = parsed;
    const run = resolveRun(values);
    checkScoredClips(values.world, values.evaluate, 'evaluate');
    const dtype = run.dtype === 'bfloat16' ? 'bfloat16' : 'float32';
    const progress = createProgress({ label: 'world train-vlm', unit: 'steps', json: values.json });
    const fresh = join(values.out, 'new');
    if (!values.from && !existsSync(join(fresh, 'config.json'))) {
      const cut = cutTokenizer(join(ASSETS, 'tokenizers/qwen2'), [...CHAT_TEXTS, ...worldTexts()]);
      writeNewMiniVlm(fresh, cut, { seed: values.seed });
    }
    const base = values.from || fresh;
    const vlm = loadVlm(base, { device: run.device, dtype: 'float32' });
    const model = vlm.model as Qwen25VL;
    const { tokenizer } = vlm;
    try {
      const { step, weights } = await pretrain({
        ...{
          world: values.world,
          model,
          tokenizer,
          dtype,
          out: values.out,
          seconds: values.seconds,
          total: values.steps,
        },
        ...{ batchSize: values.batchSize, clips: values.clips, lr: values.lr, seed: values.seed },
        onStage: (name, done, total) => progress.step(name, done, total),
        onLog: (line) => {
          progress.log(
            values.json
              ? JSON.stringify({ type: 'step', ...line })
              : `step ${line.step} of ${line.total}: loss ${line.loss.toFixed(4)}, gradient ${line.gradNorm.toFixed(2)}, ${(line.secondsPerStep * 1000).toFixed(1)} ms a step`,
          );
          progress.step('train', line.step, line.total);
        },
      });
      const checkpoint = join(values.out, 'checkpoint');
      const about = { step, argv, batchSize: values.batchSize, clips: values.clips };
      // Before it is scored: what was trained is safe whatever follows.
      model.savePretrained(checkpoint, { parameters: withoutRuns(weights), dtype: 'bfloat16', overwrite: true });
      writeText(join(checkpoint, 'README.md'), miniCard({ ...about, scores: null }));
      progress.stage('evaluate');
      const scores = await scoreMini(weights, { world: values.world, model, tokenizer, dtype, clips: values.evaluate });
      writeText(join(checkpoint, 'README.md'), miniCard({ ...about, scores }));
      writeText(join(values.out, 'scores.json'), `${JSON.stringify({ step, ...scores }, null, 2)}\n`);
      for (const t of weights.values()) t.dispose();
      progress.finish(`${step} steps`);
      console.log(JSON.stringify({ checkpoint, step, ...scores }));
      return 0;
    } finally {
      vlm.dispose();
    }
  },
};
