import { UserError } from '@motion-enhancer/support';
import { roundHalfEven } from './round.js';

export interface SmartResizeOptions {
  /** Sides become multiples of it: patch size × merge size. Default 28. */
  factor?: number;
  minPixels: number;
  maxPixels: number;
  /**
   * Who is followed for slivers thinner than half a factor: `qwen-vl-utils` (default) rounds such a side up before it
   * looks at the area, `transformers` does not.
   */
  flavour?: 'qwen-vl-utils' | 'transformers';
}

const MAX_RATIO = 200;

/**
 * Size [height, width] that an image or frame is resized to: multiples of the factor, within the pixel limits, near
 * the aspect ratio.
 * Source: qwen-vl-utils 0.0.10 vision_process.py and transformers image_processing_qwen2_vl.py @ v4.57.6 (smart_resize).
 * @throws UserError ERR_MEDIA when one side is more than 200 times the other
 */
export function smartResize(
  height: number,
  width: number,
  { factor = 28, minPixels, maxPixels, flavour = 'qwen-vl-utils' }: SmartResizeOptions,
): [height: number, width: number] {
  const ratio = Math.max(height, width) / Math.min(height, width);
  if (!(ratio <= MAX_RATIO))
    throw new UserError(
      `Expected an image or video whose sides differ by at most ${MAX_RATIO} times but received ${width}×${height}. Crop it.`,
      { code: 'ERR_MEDIA' },
    );
  const least = flavour === 'qwen-vl-utils' ? factor : 0;
  let h = Math.max(least, roundHalfEven(height / factor) * factor);
  let w = Math.max(least, roundHalfEven(width / factor) * factor);
  if (h * w > maxPixels) {
    const beta = Math.sqrt((height * width) / maxPixels);
    h = Math.max(factor, Math.floor(height / beta / factor) * factor);
    w = Math.max(factor, Math.floor(width / beta / factor) * factor);
  } else if (h * w < minPixels) {
    const beta = Math.sqrt(minPixels / (height * width));
    h = Math.ceil((height * beta) / factor) * factor;
    w = Math.ceil((width * beta) / factor) * factor;
  }
  return [h, w];
}
