import { seededNoise } from '@motion-enhancer/core/internal/prior/diffusion/seeded-noise.js';
import { startSeed } from '@motion-enhancer/core/internal/prior/diffusion/seeds.js';
import type { VideoDiffusion } from '@motion-enhancer/core/internal/prior/diffusion/video-diffusion.js';
import { cat, noGrad, scope } from '@motion-enhancer/libtorch';
import type { Word } from '@motion-enhancer/models';
import type { WorldClip } from '../generate/index.js';
import type { BatchInput } from './batch-maps.js';
import { clipLatents } from './clip-latents.js';

export interface PassOptions {
  steps: number;
  guidance: number;
  last: number;
  seed: number;
}

/**
 * What the diffusion model is given for some clips, their captions as text; one seed's noise starts all of them, as
 * `extract` does. Tensors are the caller's scope's.
 */
export function clipInputs(
  vdm: VideoDiffusion,
  clips: readonly WorldClip[],
  { seed, ...pass }: PassOptions,
): { input: BatchInput; words: Word[][] } {
  vdm.texts.encode([...clips.map(({ caption }) => caption), '']);
  return noGrad(() =>
    scope(() => {
      const x0 = clipLatents(vdm, clips);
      const start = seededNoise([1, ...x0.shape.slice(1)], startSeed(seed), x0);
      const encoded = clips.map(({ caption }) => vdm.texts.get(caption));
      const text = cat(encoded.map(({ embedding }) => embedding));
      const empty = vdm.texts.get('').embedding;
      return { input: { x0, text, empty, start, ...pass }, words: encoded.map(({ words }) => words) };
    }),
  );
}
