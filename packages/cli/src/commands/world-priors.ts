import type { Fields } from '@motion-enhancer/core/internal/config/field.js';
import { DEVICE_FIELDS } from '@motion-enhancer/core/internal/config/fields-of-run.js';
import { loadVdm } from '@motion-enhancer/core/internal/prior/diffusion/vdm.js';
import { CLIP_FIELDS } from '@motion-enhancer/motion-world/internal/fields.js';
import { chooseFixedHeads } from '@motion-enhancer/motion-world/internal/priors/localise.js';
import { lastSteps, PASS_FIELDS } from '@motion-enhancer/motion-world/internal/priors/pass-fields.js';
import { writeWorldPriors } from '@motion-enhancer/motion-world/internal/priors/write-world-priors.js';
import { createProgress } from '../progress.js';
import { parseCommand, resolveRun } from '../run-options.js';
import type { Command } from './registry.js';

const FIELDS = {
  vdm: { type: 'path', default: '', required: true, text: 'A mini CogVideoX of the world' },
  out: { type: 'path', default: '', required: true, text: 'The file (safetensors) for the priors of all clips' },
  arms: { type: 'string', default: '', text: 'Names of arms with commas between; all by default' },
  tag: {
    type: 'string',
    default: '',
    text: 'Name for these settings: the arms are called ARM@TAG, as world ladder then takes them',
  },
  world: CLIP_FIELDS.world,
  split: CLIP_FIELDS.split,
  first: CLIP_FIELDS.first,
  count: { ...CLIP_FIELDS.count, default: 64 },
  headRatio: { type: 'number', default: 0.5, min: 0, max: 1, text: 'Share of heads that MHS keeps', paper: '0.5' },
  wordRatio: { type: 'number', default: 0.5, min: 0, max: 1, text: 'Share of words that MTTI keeps', paper: '0.5' },
  ...PASS_FIELDS,
  ...DEVICE_FIELDS,
} as const satisfies Fields;

export const command: Command = {
  name: 'world priors',
  async run(argv) {
    const parsed = parseCommand('world priors', '--vdm DIR --out FILE [options]', FIELDS, argv);
    if (!parsed) return 0;
    const values = { ...parsed.values, last: lastSteps(parsed.values) };
    const vdm = await loadVdm(
      values.vdm,
      resolveRun({ ...values, dtype: values.dtype === 'auto' ? 'float32' : values.dtype }),
    );
    const progress = createProgress({ label: 'world priors', unit: 'clips' });
    try {
      const range = (first: number, count: number) => Array.from({ length: count }, (_, i) => first + i);
      const { arms, ...rest } = values;
      const fixed = chooseFixedHeads(vdm, {
        ...rest,
        indices: range(0, values.unitClips),
        onClip: (done, total) => progress.step('units', done, total),
      });
      writeWorldPriors(values.out, vdm, {
        ...rest,
        ...(arms ? { arms: arms.split(',') } : {}),
        fixed,
        indices: range(values.first, values.count),
        onClip: (done, total) => progress.step('clips', done, total),
      });
      progress.finish(`priors of ${values.count} clips in ${values.out}`);
    } finally {
      vdm.dispose();
    }
    return 0;
  },
};
