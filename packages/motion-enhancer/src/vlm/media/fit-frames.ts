import { bytesOf, fromTypedArray, scope, type Tensor } from '@motion-enhancer/libtorch';
import type { FrameFit } from '../../data/video/index.js';

/** How a family resizes the frames of a video. */
export interface FrameResize {
  /** Size for each of so many frames. @throws UserError ERR_MEDIA */
  size(count: number, height: number, width: number): readonly [height: number, width: number];
  /** uint8 [1, 3, h, w] → uint8 [1, 3, height, width]; each frame by itself, as all of them at once */
  resize(frame: Tensor, height: number, width: number): Tensor;
}

/**
 * The same, done while a video is decoded: memory then holds frames as the model sees them, whatever the video's size.
 * @param frames null for a family that does not say how: its frames are decoded whole
 * @returns null for frames that would not become smaller: they are resized with the rest
 */
export function fitFrames(
  frames: FrameResize | null,
  video: { height: number; width: number },
  count: number,
): FrameFit | null {
  if (!frames) return null;
  const { size, resize } = frames;
  const [height, width] = size(count, video.height, video.width);
  if (height * width >= video.height * video.width) return null;
  return {
    height,
    width,
    resize: (rgb) =>
      scope(() => {
        const frame = fromTypedArray(rgb, [1, video.height, video.width, 3]).permute(0, 3, 1, 2).contiguous();
        return Uint8Array.from(bytesOf(resize(frame, height, width).permute(0, 2, 3, 1).contiguous()));
      }),
  };
}
