import { type Checkpoints, cat, isGradEnabled, scope } from '@motion-enhancer/libtorch';
import type { InternVL3 } from '@motion-enhancer/models';
import { PATCHES_AT_ONCE, starts, together } from '../../generate/in-pieces.js';
import type { PixelInput } from '../../types.js';
import type { Visual } from '../../visual.js';

export interface EncodeOptions {
  checkpoints?: Checkpoints | null;
  /** Largest number of patches that are seen at once at inference. */
  atOnce?: number;
}

/** Visual embeddings of media, at inference in pieces of whole tiles; under autograd at once. */
export function encodeInternVL(
  model: InternVL3,
  media: readonly Pick<PixelInput, 'pixels'>[],
  { checkpoints = null, atOnce = PATCHES_AT_ONCE }: EncodeOptions = {},
): Visual | null {
  if (media.length === 0) return null;
  const { tileSize, vision } = model.config;
  const maxTiles = Math.max(1, Math.floor(atOnce / (tileSize / vision.patchSize) ** 2));
  return scope(() => {
    if (isGradEnabled()) return { tokens: model.encodeVisual(together(media), checkpoints) };
    const pieces = media.flatMap(({ pixels }) =>
      starts(pixels.size(0), maxTiles).map((from) =>
        scope(() => model.encodeVisual(pixels.narrow(0, from, Math.min(maxTiles, pixels.size(0) - from)))),
      ),
    );
    return { tokens: pieces.length > 1 ? cat(pieces) : pieces[0]! };
  });
}
