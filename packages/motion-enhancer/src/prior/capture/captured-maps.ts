import { scope, type Tensor } from '@motion-enhancer/libtorch';
import type { PriorConfig } from '../config.js';
import { seededNoise } from '../diffusion/seeded-noise.js';
import { startSeed } from '../diffusion/seeds.js';
import { type Conditioning, type OnStep, reconstruct } from '../diffusion/trajectory.js';
import type { Denoiser } from '../diffusion/video-diffusion.js';
import type { Captured } from './captured.js';
import { Collectors } from './collectors.js';

/** What a reconstruction starts from. */
export interface Pass {
  model: Denoiser;
  /** Latents of one clip, [1, …] */
  x0: Tensor;
  /** Of `invert` */
  trajectory: readonly Tensor[];
  conditioning: Conditioning;
}

export interface PassOptions {
  onStep?: OnStep;
  /** Tokens whose rows are wanted (all by default); kept apart only where there are thousands of units. */
  textRows?: readonly number[];
}

/** The two ends of a pass, of x0's shape: the latents after the inversion, and after the reconstruction. */
export interface Outcome {
  inverted: Tensor;
  x: Tensor;
}

/**
 * The reconstruction, once, under the captures that the options want of it.
 * @param configs alike in all but what is captured and selected
 * @returns what each of `configs` is selected from, in order; the outcome where `keepStrip` wants it
 */
export function capturedMaps(
  { model, x0, trajectory, conditioning }: Pass,
  configs: readonly PriorConfig[],
  { onStep, textRows }: PassOptions = {},
): { captured: Captured[]; outcome: Outcome | null } {
  const config = configs[0]!;
  const grid = model.grid(x0, conditioning.text);
  const collectors = new Collectors();
  try {
    for (const one of configs) collectors.start(model, grid, one, { textRows });
    return scope(() => {
      const inverted = trajectory.at(-1)!;
      const states = reconstruct(model, trajectory, conditioning, {
        steps: config.steps,
        guidance: config.guidance,
        start: config.init === 'inverted' ? inverted : seededNoise(x0.shape, startSeed(config.seed), x0),
        capture: (attention) => collectors.add(attention),
        captured: (step) => collectors.streams(step),
        outcome: config.keepStrip,
        ...(onStep ? { onStep } : {}),
      });
      return {
        captured: collectors.finish(configs).map(([ofClip]) => ofClip!),
        outcome: config.keepStrip ? { inverted, x: states.at(-1)! } : null,
      };
    });
  } finally {
    collectors.dispose();
  }
}
