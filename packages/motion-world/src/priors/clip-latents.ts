import type { VideoDiffusion } from '@motion-enhancer/core/internal/prior/diffusion/video-diffusion.js';
import { cat, fromTypedArray, noGrad, scope, type Tensor } from '@motion-enhancer/libtorch';
import type { WorldClip } from '../generate/index.js';

/** Frames of a clip as the autoencoder takes them: [1, 3, T, H, W] in [−1, 1]. */
const asVideo = ({ frames, count, size }: WorldClip, device: string): Tensor =>
  fromTypedArray(frames, [1, count, size, size, 3]).to(device).to('float32').div(127.5).sub(1).permute(0, 4, 1, 2, 3);

/** What the diffusion passes over some clips start from: [clips, frames, channels, height, width] of the mini CogVideoX */
export function clipLatents(
  vdm: Pick<VideoDiffusion, 'encodeVideo' | 'device' | 'dtype'>,
  clips: readonly WorldClip[],
): Tensor {
  return noGrad(() =>
    scope(() => vdm.encodeVideo(cat(clips.map((clip) => asVideo(clip, vdm.device))).to(vdm.dtype)).x0),
  );
}
