import { type Checkpoints, cat, isGradEnabled, scope } from '@motion-enhancer/libtorch';
import type { Qwen25VL } from '@motion-enhancer/models';
import { PATCHES_AT_ONCE, starts, together } from '../../generate/in-pieces.js';
import type { PixelInput } from '../../types.js';
import type { Visual } from '../../visual.js';

export interface EncodeOptions {
  checkpoints?: Checkpoints | null;
  /** Largest number of patches that are seen at once at inference. */
  atOnce?: number;
}

/**
 * Visual embeddings of media, at inference in pieces of whole frame pairs: attention never leaves one, so that only
 * rounding differs. Under autograd at once.
 */
export function encodeQwen(
  model: Qwen25VL,
  media: readonly PixelInput[],
  { checkpoints = null, atOnce = PATCHES_AT_ONCE }: EncodeOptions = {},
): Visual | null {
  if (media.length === 0) return null;
  return scope(() => {
    if (isGradEnabled()) {
      const grids = media.map(({ grid }) => grid);
      return { tokens: model.encodeVisual(together(media), grids, checkpoints) };
    }
    const pieces = media.flatMap(({ pixels, grid: [t, h, w] }) => {
      const maxFrames = Math.max(1, Math.floor(atOnce / (h * w)));
      return starts(t, maxFrames).map((from) => {
        const count = Math.min(maxFrames, t - from);
        return scope(() => model.encodeVisual(pixels.narrow(0, from * h * w, count * h * w), [[count, h, w]]));
      });
    });
    return { tokens: pieces.length > 1 ? cat(pieces) : pieces[0]! };
  });
}
