import type { Fields } from '@motion-enhancer/core/internal/config/field.js';
import { DEVICE_FIELDS } from '@motion-enhancer/core/internal/config/fields-of-run.js';
import { loadCogVideoX } from '@motion-enhancer/core/internal/prior/diffusion/cogvideox/load-cogvideox.js';
import { CLIP_FIELDS } from '@motion-enhancer/motion-world/internal/fields.js';
import { describeClip } from '@motion-enhancer/motion-world/internal/generate/index.js';
import { CHANCE } from '@motion-enhancer/motion-world/internal/recognise/score.js';
import { scoreSamples } from '@motion-enhancer/motion-world/internal/recognise/score-samples.js';
import { sampleScoresText } from '@motion-enhancer/motion-world/internal/recognise/score-text.js';
import { writeText } from '@motion-enhancer/support';
import { createProgress } from '../progress.js';
import { parseCommand, resolveRun } from '../run-options.js';
import type { Command } from './registry.js';

const FIELDS = {
  vdm: { type: 'path', default: '', required: true, text: 'A mini CogVideoX of the world' },
  out: { type: 'path', default: '', text: 'File for scores and what was seen in each video, as JSON' },
  split: { ...CLIP_FIELDS.split, default: 'test' },
  first: CLIP_FIELDS.first,
  count: { ...CLIP_FIELDS.count, default: 60, text: 'How many clips of a single object' },
  sampleSteps: { type: 'integer', default: 25, min: 1, max: 1000, text: 'DDIM steps' },
  guidance: { type: 'number', default: 4, min: 0, text: 'Classifier-free guidance' },
  seed: { type: 'integer', default: 0, min: 0, text: 'Seed of the noise' },
  ...DEVICE_FIELDS,
} as const satisfies Fields;

export const command: Command = {
  name: 'world score-samples',
  async run(argv) {
    const parsed = parseCommand('world score-samples', '--vdm DIR [options]', FIELDS, argv);
    if (!parsed) return 0;
    const { values } = parsed;
    const run = resolveRun({ ...values, dtype: values.dtype === 'auto' ? 'float32' : values.dtype });
    // An index past the last one is reported before minutes of sampling.
    describeClip(values.split, values.first + values.count - 1, { form: 'single' });
    const vdm = await loadCogVideoX(values.vdm, { ...run, decoder: true });
    const progress = createProgress({ label: 'world score-samples', unit: 'steps' });
    try {
      const found = scoreSamples(vdm, {
        ...values,
        onStep: (i, done, total) => progress.step('samples', i * total + done, values.count * total),
      });
      progress.finish();
      const { split, first, count, sampleSteps, guidance, seed } = values;
      const settings = {
        vdm: values.vdm,
        sha256: vdm.sha256,
        split,
        first,
        count,
        sampleSteps,
        guidance,
        seed,
        ...run,
      };
      // Printed first: minutes of sampling are not lost to a file that cannot be written.
      console.log(sampleScoresText(found, vdm.weights));
      if (values.out) writeText(values.out, `${JSON.stringify({ settings, chance: CHANCE, ...found }, null, 2)}\n`);
    } finally {
      vdm.dispose();
    }
    return 0;
  },
};
