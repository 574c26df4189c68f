import type { DdimSchedule } from '@motion-enhancer/models';
import type { Sampler } from '../sampler.js';

/**
 * Deterministic DDIM. As in diffusers, the model is told the upper level on the way up too, with the latents of the lower.
 */
export function ddimSampler(schedule: DdimSchedule): Sampler {
  return {
    levels: (steps) =>
      schedule.timesteps(steps).map((t) => ({
        time: t,
        inverseTime: t,
        at: t,
        below: schedule.levelBelow(t, steps),
      })),
    step: (x, v, { at, below }) => schedule.stepBetween(v, x, at, below),
    invert: (x, v, { at, below }) => schedule.inverseStepBetween(v, x, at, below),
    noised: (x0, noise, { at }) => schedule.addNoise(x0, noise, at),
  };
}
