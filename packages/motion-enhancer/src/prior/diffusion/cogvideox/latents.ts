import { cat, scope, type Tensor } from '@motion-enhancer/libtorch';
import { type CogVideoXVae, samplePosterior } from '@motion-enhancer/models';
import { withSeed } from '../seeded-noise.js';
import type { CodingOptions, Latents } from '../video-diffusion.js';
import { tileUnder } from './vae-tile.js';

/**
 * Clips [B, 3, frames, height, width] → scaled latents [B, Flat, C, h, w]; where Flat would be no multiple of `patchT`,
 * copies of latent 0 stand in front (docs/models/cogvideox.md 8).
 */
export function encodeLatents(
  vae: CogVideoXVae,
  patchT: number,
  clip_BCTHW: Tensor,
  { memory = 0, posteriorSeed }: CodingOptions,
): Latents {
  return scope(() => {
    const [frames, height, width] = clip_BCTHW.shape.slice(2) as [number, number, number];
    const tile = tileUnder(vae.config, 'encode', { frames, height, width }, { dtype: vae.dtype, memory });
    const posterior = vae.encode(clip_BCTHW, tile);
    const latent =
      posteriorSeed === undefined
        ? posterior.mean
        : withSeed(posteriorSeed, (generator) => samplePosterior(posterior, generator));
    // [B, C, Flat, h, w] → [B, Flat, C, h, w]
    const x0 = latent.mul(vae.config.scalingFactor).permute(0, 2, 1, 3, 4).contiguous();
    const padded = (patchT - (x0.size(1) % patchT)) % patchT;
    const copies = Array.from({ length: padded }, () => x0.narrow(1, 0, 1));
    return { x0: padded > 0 ? cat([...copies, x0], 1) : x0, padded };
  });
}

/** The inverse of `encodeLatents`: [B, 3, frames, height, width] without what was put in front. */
export function decodeLatents(vae: CogVideoXVae, { x0, padded }: Latents, { memory = 0 }: CodingOptions): Tensor {
  return scope(() => {
    const latents = x0
      .narrow(1, padded, x0.size(1) - padded)
      .permute(0, 2, 1, 3, 4)
      .div(vae.config.scalingFactor);
    const { spatialCompression: scale, temporalCompression } = vae.config;
    const clip = {
      frames: temporalCompression * latents.size(2),
      height: scale * latents.size(3),
      width: scale * latents.size(4),
    };
    return vae.decode(latents.contiguous(), tileUnder(vae.config, 'decode', clip, { dtype: vae.dtype, memory }));
  });
}
