import { scope, type Tensor } from '@motion-enhancer/libtorch';
import type { PriorConfig } from '../config.js';
import { noisePasses } from '../diffusion/noise-levels.js';
import { renoise } from '../diffusion/renoise.js';
import type { Denoiser } from '../diffusion/video-diffusion.js';
import type { Captured } from './captured.js';
import type { PassOptions } from './captured-maps.js';
import { Collectors } from './collectors.js';

export interface RenoisedClips {
  model: Denoiser;
  /** Latents of clips, [clips, …] */
  x0: Tensor;
  /** [clips, T, D] */
  text: Tensor;
}

/**
 * The forward passes of `mode: renoise`, once, under the captures that the options want of them.
 * @param configs alike in all but what is captured and selected
 * @returns what each of `configs` is selected from, in order, of each clip
 */
export function renoisedMaps(
  { model, x0, text }: RenoisedClips,
  configs: readonly PriorConfig[],
  { onStep, textRows }: PassOptions = {},
): Captured[][] {
  const grid = model.grid(x0, text);
  const collectors = new Collectors();
  try {
    for (const one of configs) collectors.start(model, grid, one, { textRows, clips: x0.size(0) });
    return scope(() => {
      renoise(model, x0, text, {
        passes: noisePasses(model.sampler, configs[0]!),
        capture: (attention) => collectors.add(attention),
        ...(onStep ? { onStep } : {}),
      });
      return collectors.finish(configs);
    });
  } finally {
    collectors.dispose();
  }
}
