import { aten, bytesOf, fromTypedArray, scope } from '@motion-enhancer/libtorch';
import { expected } from '@motion-enhancer/support';
import type { RgbImage } from '../data/image/index.js';

/** Frames as `readFrames` gives them: RGB uint8 [n, height, width, 3]. */
export interface ViewFrames {
  data: Uint8Array;
  width: number;
  height: number;
  indices: readonly number[];
  /** The video's own size, of frames that have been resized. */
  info?: { width: number; height: number };
}

/**
 * The middle pixel frame of each token frame, resized (bilinear, antialiased).
 * @param pixelFrames first and last frame of each token frame, places among `frames`
 * @param width of a thumbnail, pixels; the height follows the video's shape unless given
 * @throws UserError when a pixel frame is not among the frames
 */
export function thumbnails(
  frames: ViewFrames,
  pixelFrames: readonly (readonly [number, number])[],
  width: number,
  height = heightOf(frames, width),
): RgbImage[] {
  const bytes = frames.width * frames.height * 3;
  const count = Math.floor(frames.data.length / bytes);
  return pixelFrames.map(([first, last]) => {
    const place = Math.round((first + last) / 2);
    if (!(place >= 0 && place < count))
      throw expected(`frames 0 to ${count - 1}`, 'pixelFrames', `${first} to ${last}`);
    return scope(() => {
      const frame_HWC = fromTypedArray(frames.data.slice(place * bytes, (place + 1) * bytes), [
        frames.height,
        frames.width,
        3,
      ]);
      const resized = aten._upsample_bilinear2d_aa(
        frame_HWC.permute(2, 0, 1).unsqueeze(0).contiguous(),
        [height, width],
        false,
      );
      const data = Uint8Array.from(bytesOf(resized.select(0, 0).permute(1, 2, 0).contiguous()));
      return { width, height, data };
    });
  });
}

function heightOf({ width, height, info = { width, height } }: ViewFrames, shown: number): number {
  return Math.max(1, Math.round((shown * info.height) / info.width));
}
