import { aten, scope, stack, type Tensor } from '@motion-enhancer/libtorch';
import type { PriorConfig } from './config.js';
import { tileOf } from './diffusion/vae-tile.js';
import type { Vdm } from './diffusion/vdm.js';
import type { Outcome } from './extract.js';

/** Width of a stored picture, pixels; the height follows the frames' shape. */
const WIDTH = 160;

/**
 * The inverted noise and the reconstruction as people can see them (supplementary Figure 5 of the paper): decoded, one
 * frame for each token frame, made small.
 * @param padded copies of latent 0 in front, which are left off
 * @param pixelFrames first and last frame of each token frame
 * @returns uint8 [2, F, h, w, 3]
 */
export function stripOf(
  vdm: Pick<Vdm, 'vae' | 'dtype'>,
  { inverted, x }: Outcome,
  padded: number,
  pixelFrames: readonly (readonly [number, number])[],
  config: PriorConfig,
): Tensor {
  const { vae } = vdm;
  const height = Math.max(1, Math.round((WIDTH * config.height) / config.width));
  const pictures = (latents_BFCHW: Tensor): Tensor =>
    scope(() => {
      const latents = latents_BFCHW
        .narrow(1, padded, latents_BFCHW.size(1) - padded)
        .permute(0, 2, 1, 3, 4)
        .div(vae.config.scalingFactor);
      const flat = latents.size(2);
      const size = { frames: vae.config.temporalCompression * flat, height: config.height, width: config.width };
      const video_CTHW = vae.decode(latents.contiguous(), tileOf(vdm, 'decode', size, config)).select(0, 0);
      const last = video_CTHW.size(1) - 1;
      const frames = pixelFrames.map(([first, end]) =>
        scope(() => {
          const frame_CHW = video_CTHW.select(1, Math.min(last, Math.round((first + end) / 2))).to('float32');
          return aten._upsample_bilinear2d_aa(frame_CHW.unsqueeze(0).contiguous(), [height, WIDTH], false).select(0, 0);
        }),
      );
      const levels = stack(frames).add(1).mul(127.5).round().clamp(0, 255);
      return levels.to('uint8').permute(0, 2, 3, 1).contiguous();
    });
  return scope(() => stack([pictures(inverted), pictures(x)]).cpu());
}
