export interface PixelBudgetOptions {
  /** Least pixels of a frame. Default 128 · 28². */
  minPixels?: number;
  /** Most pixels of a frame; can only lower what the total allows. */
  maxPixels?: number;
  /** Pixels of all frames together. Default 90 % of 128,000 tokens. */
  totalPixels?: number;
}

const TOKEN_PIXELS = 28 * 28;
const VIDEO_MIN_PIXELS = 128 * TOKEN_PIXELS;
const VIDEO_MAX_PIXELS = 768 * TOKEN_PIXELS;
const VIDEO_TOTAL_PIXELS = Math.trunc(128_000 * TOKEN_PIXELS * 0.9);

/**
 * Pixel limits of each of `frames` frames.
 * Source: qwen-vl-utils 0.0.10 vision_process.py (fetch_video).
 */
export function pixelBudget(frames: number, o: PixelBudgetOptions = {}): { minPixels: number; maxPixels: number } {
  const minPixels = o.minPixels ?? VIDEO_MIN_PIXELS;
  const share = ((o.totalPixels ?? VIDEO_TOTAL_PIXELS) / frames) * 2;
  const most = Math.max(Math.min(VIDEO_MAX_PIXELS, share), Math.trunc(minPixels * 1.05));
  return { minPixels, maxPixels: Math.min(o.maxPixels ?? most, most) };
}
