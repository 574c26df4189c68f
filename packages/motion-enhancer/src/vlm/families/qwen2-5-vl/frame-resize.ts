import {
  type PixelBudgetOptions,
  type Qwen25VLConfig,
  resizeFrames,
  tokenCover,
  VIDEO_LEAST_TOKENS,
  videoFrameSize,
} from '@motion-enhancer/models';
import type { FrameResize } from '../../media/fit-frames.js';
import type { InputSettings } from '../../types.js';

/** How frames are resized within their limits. */
export function qwenFrameResize(config: Qwen25VLConfig, settings: InputSettings): FrameResize {
  const limits = frameLimits(config, settings);
  return {
    size: (count, height, width) => videoFrameSize(count, [height, width], config, limits),
    resize: resizeFrames,
  };
}

/**
 * The pixel limits of a video's frames. qwen-vl-utils would enlarge frames to its least size although a user asked for
 * smaller ones: here the least size then is one token.
 */
export function frameLimits(
  { vision }: Qwen25VLConfig,
  { minPixels, maxPixels, totalPixels }: InputSettings,
): PixelBudgetOptions {
  const token = tokenCover(vision).pixels;
  const least = minPixels || (maxPixels < VIDEO_LEAST_TOKENS * token ? token : 0);
  return {
    ...(least ? { minPixels: least } : {}),
    maxPixels,
    ...(totalPixels ? { totalPixels } : {}),
  };
}
