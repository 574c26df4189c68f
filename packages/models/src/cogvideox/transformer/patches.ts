import { conv2d, type Tensor } from '@motion-enhancer/libtorch';
import { expected } from '@motion-enhancer/support';
import { type Linear, linear } from '../../layers/linear.js';
import type { CogVideoXConfig } from './config.js';
import { type TokenGrid, tokenGrid } from './token-grid.js';

/**
 * latents [B, Flat, C, h, w] → video tokens [B, S, width], S = F·H·W frame-major.
 * 1.5: each token's features in the order (C, p_t, p_h, p_w), then linear. 1.0: a strided convolution per frame.
 * Source: diffusers models/embeddings.py @ 58eb52c0, CogVideoXPatchEmbed
 * @throws UserError when Flat is not a multiple of patch_size_t
 */
export function patchify(x_BFCHW: Tensor, proj: Linear, c: CogVideoXConfig): Tensor {
  const [b, flat, channels, h, w] = x_BFCHW.shape as [number, number, number, number, number];
  const grid = tokenGrid(c, flat, h, w);
  const p = c.patchSize;
  const pt = c.patchSizeT;
  if (pt === null) {
    const y = conv2d(x_BFCHW.reshape(b * flat, channels, h, w), proj.weight, proj.bias, { stride: p });
    return y
      .flatten(2)
      .transpose(1, 2)
      .reshape(b, flat * grid.locations, c.width);
  }
  if (flat % pt !== 0) {
    throw expected(
      `a multiple of patch_size_t = ${pt}`,
      'latent frames',
      flat,
      'Put a copy of latent frame 0 in front.',
    );
  }
  const patches_BSK = x_BFCHW
    .reshape(b, grid.frames, pt, channels, grid.height, p, grid.width, p)
    .permute(0, 1, 4, 6, 3, 2, 5, 7)
    .reshape(b, grid.frames * grid.locations, channels * pt * p * p);
  return linear(patches_BSK, proj);
}

/** Projected video tokens [B, S, (C or p_t·…)] → [B, Flat, C, h, w], the inverse of `patchify`'s layout. */
export function unpatchify(y_BSK: Tensor, grid: TokenGrid, c: CogVideoXConfig): Tensor {
  const b = y_BSK.size(0);
  const p = c.patchSize;
  const pt = c.patchSizeT ?? 1;
  return y_BSK
    .reshape(b, grid.frames, grid.height, grid.width, c.outChannels, pt, p, p)
    .permute(0, 1, 5, 4, 2, 6, 3, 7)
    .reshape(b, grid.frames * pt, c.outChannels, grid.height * p, grid.width * p);
}
