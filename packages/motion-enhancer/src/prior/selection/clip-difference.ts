import { scope, type Tensor } from '@motion-enhancer/libtorch';
import type { TokenGrid } from '../grid.js';
import { latentDifference, shiftedDifference, tokenDifference } from './difference.js';

/**
 * Where a clip's latents change, over the diffusion model's tokens.
 * @param latents_FCHW of one clip
 * @param shifted after the best shift and zoom of each frame
 * @returns [F, H, W] of the grid; zeros for a single latent frame
 */
export function clipDifference(
  latents_FCHW: Tensor,
  grid: Pick<TokenGrid, 'frames' | 'height' | 'width'>,
  shifted = false,
): Tensor {
  const [frames, , , width] = latents_FCHW.shape as [number, number, number, number];
  return scope(() => {
    if (frames < 2) return latents_FCHW.to('float32').mean(1).mul(0).narrow(1, 0, grid.height).narrow(2, 0, grid.width);
    const difference = shifted ? shiftedDifference(latents_FCHW) : latentDifference(latents_FCHW);
    return tokenDifference(difference, { time: frames / grid.frames, space: width / grid.width });
  });
}
