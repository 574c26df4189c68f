import { join } from 'node:path';
import type { Fields } from '@motion-enhancer/core/internal/config/field.js';
import { DEVICE_FIELDS } from '@motion-enhancer/core/internal/config/fields-of-run.js';
import { loadVlm } from '@motion-enhancer/core/internal/vlm/families/load.js';
import { CLIP_FIELDS } from '@motion-enhancer/motion-world/internal/fields.js';
import { RUN_RECIPE } from '@motion-enhancer/motion-world/internal/runs/spec.js';
import { conditionOf } from '@motion-enhancer/motion-world/internal/sweep/condition-text.js';
import { sweepText } from '@motion-enhancer/motion-world/internal/sweep/report.js';
import { runSweep } from '@motion-enhancer/motion-world/internal/sweep/run-sweep.js';
import { makeFolder } from '@motion-enhancer/support';
import { createProgress } from '../progress.js';
import { OUTPUT_FIELDS, parseCommand, resolveRun } from '../run-options.js';
import type { Command } from './registry.js';

const FIELDS = {
  vlm: { type: 'path', default: '', required: true, text: 'Folder of the mini VLM that every run starts from' },
  out: {
    type: 'path',
    default: '',
    required: true,
    text: 'Folder of results.jsonl; runs that it holds with the same settings are not run again',
  },
  arm: {
    type: 'strings',
    default: ['plain', 'masks', 'masks:other'],
    text: 'What to compare: plain, masks, paper or a prior of the file, with settings after colons (other, kept, raw, mlp, lambda=10, n=2000 and more: docs/world-vlm.md)',
  },
  world: CLIP_FIELDS.world,
  priors: { type: 'paths', default: [], text: 'Files of priors of training clips (world priors)' },
  firstSeed: { type: 'integer', default: 0, min: 0, text: 'Seed of the first pair' },
  seeds: { type: 'integer', default: 6, min: 1, text: 'Pairs: each seed draws samples and their order' },
  data: { type: 'integer', default: 1000, min: 1, text: 'Samples to train on, of an arm without n=', unit: 'samples' },
  clips: {
    type: 'integer',
    default: 800,
    min: 1,
    text: 'Training clips whose questions these are drawn from',
    unit: 'clips',
  },
  lambda: { type: 'number', default: 1, min: 0, text: 'λ of an arm that says none' },
  steps: { type: 'integer', default: RUN_RECIPE.steps, min: 1, text: 'Of every run', unit: 'steps' },
  batchSize: { type: 'integer', default: RUN_RECIPE.batchSize, min: 1, text: 'Samples a step', unit: 'samples' },
  lr: { type: 'number', default: RUN_RECIPE.lr, min: 0, text: 'Peak learning rate' },
  visionLr: { type: 'number', default: RUN_RECIPE.visionLr, min: 0, text: 'Peak learning rate of the vision tower' },
  test: { type: 'integer', default: 2000, min: 1, text: 'Test clips; all their questions are asked', unit: 'clips' },
  atOnce: { type: 'integer', default: 48, min: 1, text: 'Runs side by side: half a GiB each', unit: 'runs' },
  ...DEVICE_FIELDS,
  ...OUTPUT_FIELDS,
} as const satisfies Fields;

export const command: Command = {
  name: 'ladder',
  async run(argv) {
    const parsed = parseCommand('world ladder', '--vlm DIR --out DIR [options]', FIELDS, argv);
    if (!parsed) return 0;
    const { values } = parsed;
    const run = resolveRun(values);
    const progress = createProgress({ label: 'world ladder', unit: 'steps', json: values.json });
    makeFolder(values.out);
    const vlm = loadVlm(values.vlm, { device: run.device, dtype: 'float32' });
    try {
      const { world, steps, batchSize, lr, visionLr, clips } = values;
      const results = await runSweep({
        vlm,
        arms: values.arm.map((text) => conditionOf(text, { data: values.data, lambda: values.lambda })),
        seeds: Array.from({ length: values.seeds }, (_, i) => values.firstSeed + i),
        recipe: { ...RUN_RECIPE, steps, batchSize, lr, visionLr },
        ...{ world, clips, testClips: values.test, priors: values.priors, atOnce: values.atOnce },
        results: join(values.out, 'results.jsonl'),
        dtype: run.dtype === 'bfloat16' ? 'bfloat16' : 'float32',
        onLine: (line) => progress.log(line),
        onStage: (name, done, total) => progress.step(name, done, total),
        onStep: ({ step, total, secondsPerStep, ar }) =>
          progress.step(
            'train',
            step,
            total,
            `L_AR ${(ar.reduce((a, b) => a + b, 0) / ar.length).toFixed(3)}, ${(1000 * secondsPerStep).toFixed(0)} ms a step`,
          ),
      });
      progress.finish(`${results.length} runs`);
      console.log(values.json ? JSON.stringify({ type: 'ladder', results: results.length }) : sweepText(results));
      return 0;
    } finally {
      vlm.dispose();
    }
  },
};
