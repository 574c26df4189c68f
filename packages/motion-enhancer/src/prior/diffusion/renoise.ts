import { scope, type Tensor } from '@motion-enhancer/libtorch';
import { crossStreamTaps } from './cross-stream.js';
import type { Pass } from './noise-levels.js';
import type { NoiseLevel } from './sampler.js';
import { seededNoise } from './seeded-noise.js';
import { planSteps, type Stream } from './streams.js';
import type { OnStep, StepAttention } from './trajectory.js';
import type { Denoiser } from './video-diffusion.js';

/** The stream of a forward pass alone: a noised clip with its text, which attends to itself. */
export const RENOISED: Stream = 3;

export interface RenoiseOptions {
  passes: readonly Pass[];
  /** Sees the attention of every layer of every pass; `step` counts the passes. */
  capture(attention: StepAttention): void;
  onStep?: OnStep;
}

/**
 * The clips with seeded noise of a level, one conditional forward pass each: nothing is inverted or reconstructed.
 * @param x0 latents of clips, [clips, …]; all get the same noise, as each alone would
 * @param text [clips, T, D]
 */
export function renoise(model: Denoiser, x0: Tensor, text: Tensor, { passes, capture, onStep }: RenoiseOptions): void {
  const [plan] = planSteps([[RENOISED]], false);
  passes.forEach(({ level, seed }, step) => {
    const taps = crossStreamTaps(model.attention, {
      clips: x0.size(0),
      plan: plan!,
      capture: (attention) => capture({ ...attention, step }),
    });
    scope(() => {
      model.denoise(noisedClip(model, x0, { level, seed }), text, level.time, taps);
    });
    onStep?.(step + 1, passes.length);
  });
}

/** Computed in float32 for half latents, as steps are. */
function noisedClip({ sampler }: Denoiser, x0: Tensor, { level, seed }: { level: NoiseLevel; seed: number }): Tensor {
  const wide = x0.to(x0.dtype === 'float64' ? 'float64' : 'float32');
  const noise = seededNoise([1, ...x0.shape.slice(1)], seed, wide).expand(...x0.shape);
  return sampler.noised(wide, noise, level).to(x0.dtype);
}
