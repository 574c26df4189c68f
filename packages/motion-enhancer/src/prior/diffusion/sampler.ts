import type { Tensor } from '@motion-enhancer/libtorch';

/** A noise level of a sampler's grid, with the one that a step leads down to. */
export interface NoiseLevel {
  /** What `denoise` is told on the way down from this level. */
  readonly time: number;
  /** What `denoise` is told on the way up to this level, with the latents of the level below. */
  readonly inverseTime: number;
  /** The level in the sampler's own unit, and the level below; clean video is below all. */
  readonly at: number;
  readonly below: number;
}

/** How latents go from noise to video and back. Steps are deterministic, and computed in the dtype of `x`. */
export interface Sampler {
  /** The levels of `steps` steps, the noisiest first. @throws UserError for a number of steps that it cannot take */
  levels(steps: number): NoiseLevel[];
  /** x at a level, and what `denoise` said of it → x at the level below. */
  step(x: Tensor, out: Tensor, level: NoiseLevel): Tensor;
  /** The inverse step: x at the level below, and what `denoise` said of it at `inverseTime` → x at the level. */
  invert(x: Tensor, out: Tensor, level: NoiseLevel): Tensor;
  /** The clean x0 with noise of a level. */
  noised(x0: Tensor, noise: Tensor, level: NoiseLevel): Tensor;
}
