import { cat, isGradEnabled, scope, type Tensor } from '@motion-enhancer/libtorch';
import type { InternVL3, Qwen25VL } from '@motion-enhancer/models';
import type { MediumInput } from '../types.js';

/** Patches that a vision tower sees at once at inference: its activations are then below 2 GiB at 16 bits. */
export const PATCHES_AT_ONCE = 65_536;

/**
 * Visual embeddings of media, at inference in pieces of whole frame pairs: attention never leaves one, so that only
 * rounding differs. Under autograd at once.
 */
export function encodeQwen(model: Qwen25VL, media: readonly MediumInput[], atOnce = PATCHES_AT_ONCE): Tensor | null {
  if (media.length === 0) return null;
  return scope(() => {
    if (isGradEnabled())
      return model.encodeVisual(
        together(media),
        media.map(({ grid }) => grid),
      );
    const pieces = media.flatMap(({ pixels, grid: [t, h, w] }) => {
      const most = Math.max(1, Math.floor(atOnce / (h * w)));
      return starts(t, most).map((from) => {
        const count = Math.min(most, t - from);
        return scope(() => model.encodeVisual(pixels.narrow(0, from * h * w, count * h * w), [[count, h, w]]));
      });
    });
    return pieces.length > 1 ? cat(pieces) : pieces[0]!;
  });
}

/** The same for tiles. */
export function encodeInternVL(
  model: InternVL3,
  media: readonly MediumInput[],
  atOnce = PATCHES_AT_ONCE,
): Tensor | null {
  if (media.length === 0) return null;
  const { tileSize, vision } = model.config;
  const most = Math.max(1, Math.floor(atOnce / (tileSize / vision.patchSize) ** 2));
  return scope(() => {
    if (isGradEnabled()) return model.encodeVisual(together(media));
    const pieces = media.flatMap(({ pixels }) =>
      starts(pixels.size(0), most).map((from) =>
        scope(() => model.encodeVisual(pixels.narrow(0, from, Math.min(most, pixels.size(0) - from)))),
      ),
    );
    return pieces.length > 1 ? cat(pieces) : pieces[0]!;
  });
}

function starts(total: number, step: number): number[] {
  return Array.from({ length: Math.ceil(total / step) }, (_, i) => i * step);
}

/** Pixels of all media, one after the other. */
function together(media: readonly MediumInput[]): Tensor {
  return media.length === 1 ? media[0]!.pixels : cat(media.map(({ pixels }) => pixels));
}
