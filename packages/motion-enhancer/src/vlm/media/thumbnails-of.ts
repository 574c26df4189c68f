import { bytesOf, scope } from '@motion-enhancer/libtorch';
import type { RgbImage } from '../../data/image/index.js';
import { thumbnails } from '../../view/thumbnails.js';
import type { DecodedMedium, MediumInput } from '../types.js';

/** The middle decoded frame of each token frame, `width` pixels wide; an image is one frame. */
export function thumbnailsOf(decoded: DecodedMedium, { frames }: MediumInput, width: number): RgbImage[] {
  return scope(() => {
    const frames_NCHW = decoded.type === 'image' ? decoded.image.unsqueeze(0) : decoded.frames;
    const [n, , height, w] = frames_NCHW.shape as [number, number, number, number];
    const data = Uint8Array.from(bytesOf(frames_NCHW.permute(0, 2, 3, 1).contiguous()));
    // Frames that were resized as they were decoded may have another shape than the video.
    const [shownHeight, shownWidth] = (decoded.type === 'video' && decoded.videoSize) || [height, w];
    const high = Math.max(1, Math.round((width * shownHeight) / shownWidth));
    return thumbnails({ data, width: w, height, indices: Array.from({ length: n }, (_, i) => i) }, frames, width, high);
  });
}
