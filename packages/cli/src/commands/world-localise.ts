import type { Fields, Values } from '@motion-enhancer/core/internal/config/field.js';
import { DEVICE_FIELDS } from '@motion-enhancer/core/internal/config/fields-of-run.js';
import { loadVdm } from '@motion-enhancer/core/internal/prior/diffusion/vdm.js';
import type { VideoDiffusion } from '@motion-enhancer/core/internal/prior/diffusion/video-diffusion.js';
import { CLIP_FIELDS } from '@motion-enhancer/motion-world/internal/fields.js';
import { measureBaselines } from '@motion-enhancer/motion-world/internal/priors/baselines.js';
import { baselinesText } from '@motion-enhancer/motion-world/internal/priors/baselines-text.js';
import { findingsText } from '@motion-enhancer/motion-world/internal/priors/findings-text.js';
import { chooseFixedHeads, localise } from '@motion-enhancer/motion-world/internal/priors/localise.js';
import { lastSteps, PASS_FIELDS } from '@motion-enhancer/motion-world/internal/priors/pass-fields.js';
import { UserError, writeText } from '@motion-enhancer/support';
import { createProgress, type Progress } from '../progress.js';
import { parseCommand, resolveRun } from '../run-options.js';
import type { Command } from './registry.js';

const FIELDS = {
  vdm: { type: 'path', default: '', required: true, text: 'A mini CogVideoX of the world' },
  out: { type: 'path', default: '', text: 'File for the tables, which are printed too' },
  baselines: {
    type: 'boolean',
    default: false,
    text: 'Measure priors that need no diffusion pass alone: the difference of the latents from frame to frame, the same after the best global shift and zoom, and both of pixels',
  },
  world: CLIP_FIELDS.world,
  split: { ...CLIP_FIELDS.split, default: 'test' },
  first: CLIP_FIELDS.first,
  count: { ...CLIP_FIELDS.count, default: 64 },
  ...PASS_FIELDS,
  ...DEVICE_FIELDS,
} as const satisfies Fields;

export const command: Command = {
  name: 'world localise',
  async run(argv) {
    const parsed = parseCommand('world localise', '--vdm DIR [options]', FIELDS, argv);
    if (!parsed) return 0;
    const values = { ...parsed.values, last: lastSteps(parsed.values) };
    const vdm = await loadVdm(
      values.vdm,
      resolveRun({ ...values, dtype: values.dtype === 'auto' ? 'float32' : values.dtype }),
    );
    const progress = createProgress({ label: 'world localise', unit: 'clips' });
    try {
      const text = values.baselines ? baselines(vdm, values, progress) : priors(vdm, values, progress);
      progress.finish();
      if (values.out) writeText(values.out, `${text}\n`);
      console.log(text);
    } finally {
      vdm.dispose();
    }
    return 0;
  },
};

type Given = Values<typeof FIELDS> & { last: number };

const range = (first: number, count: number) => Array.from({ length: count }, (_, i) => first + i);

function baselines(vdm: VideoDiffusion, { world, split, first, count }: Given, progress: Progress): string {
  const found = measureBaselines(vdm, {
    ...{ world, split, indices: range(first, count) },
    onClip: (done, total) => progress.step('clips', done, total),
  });
  if (!found.clips.has('all')) throw nothingSeen(count);
  return baselinesText(found, world);
}

function priors(vdm: VideoDiffusion, values: Given, progress: Progress): string {
  const fixedHeads = chooseFixedHeads(vdm, {
    ...values,
    indices: range(0, values.unitClips),
    onClip: (done, total) => progress.step('units', done, total),
  });
  const found = localise(vdm, fixedHeads, {
    ...values,
    indices: range(values.first, values.count),
    onClip: (done, total) => progress.step('clips', done, total),
  });
  if (found.clips === 0) throw nothingSeen(values.count);
  return findingsText(found, vdm.weights);
}

const nothingSeen = (count: number) =>
  new UserError(`None of the ${count} clips has a mover that can be seen. Raise --count.`, { code: 'ERR_DATA' });
