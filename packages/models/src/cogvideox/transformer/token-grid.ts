import { expected } from '@motion-enhancer/support';
import type { CogVideoXConfig } from './config.js';

/** The video tokens of a latent: frame-major, then row, then column. */
export interface TokenGrid {
  /** F: latent frames after temporal patching. */
  readonly frames: number;
  readonly height: number;
  readonly width: number;
  /** P = height · width, tokens per frame. */
  readonly locations: number;
}

/**
 * Token grid of latents [B, flat, C, h, w]; an odd `flat` counts as padded to a whole temporal patch.
 * @throws UserError when h or w is not a multiple of the patch size
 */
export function tokenGrid(
  config: Pick<CogVideoXConfig, 'patchSize' | 'patchSizeT'>,
  flat: number,
  h: number,
  w: number,
): TokenGrid {
  const p = config.patchSize;
  for (const [name, size] of Object.entries({ height: h, width: w })) {
    if (!Number.isInteger(size) || size < p || size % p !== 0)
      throw expected(`a positive multiple of ${p}`, `latent ${name}`, size);
  }
  if (!Number.isInteger(flat) || flat < 1) throw expected('at least 1', 'latent frames', flat);
  const [height, width] = [h / p, w / p];
  return { frames: Math.ceil(flat / (config.patchSizeT ?? 1)), height, width, locations: height * width };
}
