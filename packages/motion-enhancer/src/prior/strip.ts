import { aten, scope, stack, type Tensor } from '@motion-enhancer/libtorch';
import type { Outcome } from './capture/captured-maps.js';
import type { PriorConfig } from './config.js';
import { codingBytes } from './diffusion/encode-clip.js';
import type { VideoDiffusion } from './diffusion/video-diffusion.js';

/** Width of a stored picture, pixels; the height follows the frames' shape. */
const WIDTH = 160;

/**
 * The inverted noise and the reconstruction as people can see them (supplementary Figure 5 of the paper): decoded, one
 * frame for each token frame, made small.
 * @param padded of the clip's latents
 * @returns uint8 [2, F, h, w, 3]
 */
export function stripOf(
  vdm: Pick<VideoDiffusion, 'decodeVideo' | 'pixelFrames'>,
  { inverted, x }: Outcome,
  padded: number,
  config: PriorConfig,
): Tensor {
  const height = Math.max(1, Math.round((WIDTH * config.height) / config.width));
  const pictures = (x0: Tensor): Tensor =>
    scope(() => {
      const latents = { x0, padded };
      const video_CTHW = vdm.decodeVideo(latents, { memory: codingBytes(config) }).select(0, 0);
      const last = video_CTHW.size(1) - 1;
      const frames = vdm.pixelFrames(latents).map(([first, end]) =>
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
