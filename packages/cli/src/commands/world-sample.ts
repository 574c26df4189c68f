import { join } from 'node:path';
import type { Fields } from '@motion-enhancer/core/internal/config/field.js';
import { DEVICE_FIELDS } from '@motion-enhancer/core/internal/config/fields-of-run.js';
import { contactSheet, encodePng, type RgbImage } from '@motion-enhancer/core/internal/data/image/index.js';
import { loadCogVideoX } from '@motion-enhancer/core/internal/prior/diffusion/cogvideox/load-cogvideox.js';
import { CLIP } from '@motion-enhancer/motion-world/internal/clips/clip-size.js';
import { CLIP_FIELDS } from '@motion-enhancer/motion-world/internal/fields.js';
import { makeClip } from '@motion-enhancer/motion-world/internal/generate/index.js';
import { reconstruction, sample, strip } from '@motion-enhancer/motion-world/internal/vdm/samples.js';
import { makeFolder, writeBytes } from '@motion-enhancer/support';
import { createProgress } from '../progress.js';
import { parseCommand, resolveRun } from '../run-options.js';
import type { Command } from './registry.js';

const FIELDS = {
  vdm: { type: 'path', default: '', required: true, text: 'A mini CogVideoX of the world' },
  out: { type: 'path', default: 'world', text: 'Folder for the contact sheets' },
  text: { type: 'string', default: '', text: 'One text to sample; the captions of clips by default' },
  world: CLIP_FIELDS.world,
  split: { ...CLIP_FIELDS.split, default: 'test' },
  first: CLIP_FIELDS.first,
  count: { ...CLIP_FIELDS.count, default: 8 },
  sampleSteps: { type: 'integer', default: 30, min: 1, max: 1000, text: 'DDIM steps' },
  guidance: { type: 'number', default: 4, min: 0, text: 'Classifier-free guidance' },
  seed: { type: 'integer', default: 0, min: 0, text: 'Seed of the noise' },
  ...DEVICE_FIELDS,
} as const satisfies Fields;

export const command: Command = {
  name: 'world sample',
  async run(argv) {
    const parsed = parseCommand('world sample', '--vdm DIR [options]', FIELDS, argv);
    if (!parsed) return 0;
    const { values } = parsed;
    const run = resolveRun({ ...values, dtype: values.dtype === 'auto' ? 'float32' : values.dtype });
    const vdm = await loadCogVideoX(values.vdm, { ...run, decoder: true });
    const progress = createProgress({ label: 'world sample', unit: 'steps' });
    try {
      const { frames, size } = CLIP;
      const clips = Array.from({ length: values.count }, (_, i) =>
        makeClip(values.split, values.first + i, { world: values.world }),
      );
      const texts = values.text ? [values.text] : clips.map(({ caption }) => caption);
      const sampled: RgbImage[][] = texts.map((text, i) => {
        const video = sample(vdm, text, {
          ...{ steps: values.sampleSteps, guidance: values.guidance, seed: values.seed + i },
          onStep: (done, total) => progress.step(`sample ${i + 1} of ${texts.length}`, done, total),
        });
        return strip(video, frames, size);
      });
      const write = (name: string, rows: RgbImage[][]) => {
        const path = join(values.out, name);
        writeBytes(path, encodePng(contactSheet(rows)));
        return path;
      };
      makeFolder(values.out);
      const lines = [`picture ${write('samples.png', sampled)}: a row a text`, ...texts.map((text) => `  ${text}`)];
      if (!values.text) {
        const errors: number[] = [];
        const rows = clips.flatMap((clip) => {
          const { frames: decoded, error } = reconstruction(vdm, clip);
          errors.push(error);
          return [strip(clip.frames, frames, size), strip(decoded, frames, size)];
        });
        const mean = errors.reduce((a, b) => a + b, 0) / errors.length;
        lines.push(
          `picture ${write('reconstructions.png', rows)}: each clip, and below it what the autoencoder makes of it (mean absolute error ${mean.toFixed(2)} of 255)`,
        );
      }
      progress.finish();
      console.log(lines.join('\n'));
    } finally {
      vdm.dispose();
    }
    return 0;
  },
};
