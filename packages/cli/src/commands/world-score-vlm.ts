import type { Fields } from '@motion-enhancer/core/internal/config/field.js';
import { DEVICE_FIELDS } from '@motion-enhancer/core/internal/config/fields-of-run.js';
import { loadVlm } from '@motion-enhancer/core/internal/vlm/families/load.js';
import type { Qwen25VL } from '@motion-enhancer/models';
import { CLIP_FIELDS } from '@motion-enhancer/motion-world/internal/fields.js';
import { repeatRuns } from '@motion-enhancer/motion-world/internal/run-axis/model.js';
import { scoreTables } from '@motion-enhancer/motion-world/internal/vlm/mini-card.js';
import { checkScoredClips, scoreMini } from '@motion-enhancer/motion-world/internal/vlm/pretrain.js';
import { writeText } from '@motion-enhancer/support';
import { createProgress } from '../progress.js';
import { OUTPUT_FIELDS, parseCommand, resolveRun } from '../run-options.js';
import type { Command } from './registry.js';

const FIELDS = {
  vlm: { type: 'path', default: '', required: true, text: 'Folder of a mini VLM' },
  world: CLIP_FIELDS.world,
  clips: { type: 'integer', default: 1000, min: 1, text: 'Clips of each kind that no training saw' },
  out: { type: 'path', default: '', text: 'File for the scores as JSON' },
  ...DEVICE_FIELDS,
  ...OUTPUT_FIELDS,
} as const satisfies Fields;

export const command: Command = {
  name: 'score-vlm',
  async run(argv) {
    const parsed = parseCommand('world score-vlm', '--vlm DIR [options]', FIELDS, argv);
    if (!parsed) return 0;
    const { values } = parsed;
    const run = resolveRun(values);
    checkScoredClips(values.world, values.clips, 'clips');
    const vlm = loadVlm(values.vlm, { device: run.device, dtype: 'float32' });
    try {
      const model = vlm.model as Qwen25VL;
      const weights = repeatRuns(model.parameters(), 1, run.device);
      const dtype = run.dtype === 'bfloat16' ? 'bfloat16' : 'float32';
      const progress = createProgress({ label: 'world score-vlm', unit: 'replies', json: values.json });
      const scores = await scoreMini(weights, {
        ...{ world: values.world, model, tokenizer: vlm.tokenizer, dtype, clips: values.clips },
        onStage: (name, done, total) => progress.step(name, done, total),
      });
      progress.finish('done');
      for (const t of weights.values()) t.dispose();
      if (values.out) writeText(values.out, `${JSON.stringify(scores, null, 2)}\n`);
      console.log(values.json ? JSON.stringify(scores) : scoreTables(scores));
      return 0;
    } finally {
      vlm.dispose();
    }
  },
};
