import type { FrameFit } from '../video/index.js';
import { resizeBicubic } from './resize-bicubic.js';

/** Frames that need more bytes than this together are resized as they are decoded. */
const MAX_BYTES = 2 ** 29;

interface Size {
  height: number;
  width: number;
}

/**
 * Keeps the frames of a large video from filling memory: what `readFrames` takes as `fit`.
 * @param size what they are resized to in the end; frames that this would not make smaller stay as they are
 */
export function boundedFit(
  size: (video: Size) => Size,
  maxBytes = MAX_BYTES,
): (video: Size, count: number) => FrameFit | null {
  return (video, count) => {
    const { height, width } = size(video);
    const pixels = video.height * video.width;
    if (count * pixels * 3 <= maxBytes || height * width >= pixels) return null;
    const resize = (rgb: Uint8Array) => resizeBicubic(rgb, [video.height, video.width], [height, width]);
    return { height, width, resize };
  };
}

/** Wide enough for any picture of a page, in the video's own shape. */
export const pageSize = ({ height, width }: Size): Size => {
  const share = Math.min(1, 1280 / Math.max(height, width));
  return { height: Math.max(1, Math.round(height * share)), width: Math.max(1, Math.round(width * share)) };
};
