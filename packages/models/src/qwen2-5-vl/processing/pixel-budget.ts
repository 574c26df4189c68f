export interface PixelBudgetOptions {
  /** Least pixels of a frame. Default 128 tokens' (100,352). */
  minPixels?: number;
  /** Largest number of pixels of a frame; can only lower what the total allows. */
  maxPixels?: number;
  /** Pixels of all frames together. Default 90 % of 128,000 tokens'. */
  totalPixels?: number;
}

/** What a token of the language model covers; the published models' by default. */
export interface TokenCover {
  /** Pixels of a frame: (patch size · merge size)². Default 28². */
  pixels?: number;
  /** Frames. Default 2. */
  frames?: number;
}

/** Tokens that a video frame has at least, by default. */
export const VIDEO_LEAST_TOKENS = 128;
const MAX_TOKENS = 768;
const ALL_TOKENS = 128_000 * 0.9;
const IMAGE_LEAST_TOKENS = 4;
const IMAGE_MOST_TOKENS = 16_384;

/**
 * Pixel limits of each of `frames` frames.
 * Source: qwen-vl-utils 0.0.10 vision_process.py (fetch_video).
 */
export function pixelBudget(
  frames: number,
  o: PixelBudgetOptions = {},
  { pixels = 28 * 28, frames: pair = 2 }: TokenCover = {},
): { minPixels: number; maxPixels: number } {
  const minPixels = o.minPixels ?? VIDEO_LEAST_TOKENS * pixels;
  const share = ((o.totalPixels ?? Math.trunc(ALL_TOKENS * pixels)) / frames) * pair;
  const max = Math.max(Math.min(MAX_TOKENS * pixels, share), Math.trunc(minPixels * 1.05));
  return { minPixels, maxPixels: Math.min(o.maxPixels ?? max, max) };
}

/**
 * Pixel limits of an image.
 * Source: qwen-vl-utils 0.0.10 vision_process.py (fetch_image); preprocessor_config.json of the checkpoints says the same.
 */
export function imageBudget(
  { minPixels, maxPixels }: Pick<PixelBudgetOptions, 'minPixels' | 'maxPixels'> = {},
  { pixels = 28 * 28 }: TokenCover = {},
): { minPixels: number; maxPixels: number } {
  return { minPixels: minPixels ?? IMAGE_LEAST_TOKENS * pixels, maxPixels: maxPixels ?? IMAGE_MOST_TOKENS * pixels };
}
