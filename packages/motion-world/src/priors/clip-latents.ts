import type { Vdm } from '@motion-enhancer/core/internal/prior/diffusion/vdm.js';
import { cat, fromTypedArray, noGrad, scope, type Tensor } from '@motion-enhancer/libtorch';
import type { WorldClip } from '../generate/index.js';

/** Frames of a clip as the autoencoder takes them: [1, 3, T, H, W] in [−1, 1]. */
const asVideo = ({ frames, count, size }: WorldClip, device: string): Tensor =>
  fromTypedArray(frames, [1, count, size, size, 3]).to(device).to('float32').div(127.5).sub(1).permute(0, 4, 1, 2, 3);

/** Scaled latents of some clips: [clips, frames, channels, height, width] */
export function clipLatents(
  { vae, device, dtype }: Pick<Vdm, 'vae' | 'device' | 'dtype'>,
  clips: readonly WorldClip[],
): Tensor {
  return noGrad(() =>
    scope(() => {
      const video = cat(clips.map((clip) => asVideo(clip, device))).to(dtype);
      return vae.encode(video).mean.mul(vae.config.scalingFactor).permute(0, 2, 1, 3, 4).contiguous();
    }),
  );
}
