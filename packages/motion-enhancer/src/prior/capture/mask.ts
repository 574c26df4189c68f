import { arange, aten, type Tensor } from '@motion-enhancer/libtorch';
import { expected } from '@motion-enhancer/support';
import type { PriorConfig } from '../config.js';
import { locations, type TokenGrid, videoTokens } from '../grid.js';

/**
 * The entries of a video → video map that count as temporal in Eq 11: (f, p), (g, q) with |p − q| ≤ halfWidth in raster
 * order, and without `self` only f ≠ g. The default, halfWidth 0 with self, is D: the same location in all pairs of frames.
 */
export interface Mask {
  halfWidth: number;
  self: boolean;
}

/** D of docs/method.md 2. */
export const SAME_LOCATION: Mask = { halfWidth: 0, self: true };

/**
 * The mask that the options name for a grid.
 * @throws UserError for a share so small that no entry is left
 */
export function maskOf(o: Pick<PriorConfig, 'mask' | 'maskWidth' | 'maskShare' | 'maskSelf'>, grid: TokenGrid): Mask {
  const self = o.maskSelf;
  switch (o.mask) {
    case 'same-location':
      return { halfWidth: 0, self };
    case 'half-width':
      return { halfWidth: o.maskWidth, self };
    case 'share': {
      // |p − q| < (c · P) div F
      const below = Math.floor((o.maskShare * locations(grid)) / grid.frames);
      if (below < 1)
        throw expected(
          `a share c with (c · ${locations(grid)}) div ${grid.frames} ≥ 1`,
          'maskShare',
          o.maskShare,
          'A smaller one leaves the mask empty.',
        );
      return { halfWidth: below - 1, self };
    }
  }
}

/** Which entries of the rows are inside: bool [rows, S]. */
export function maskRows(mask: Mask, grid: TokenGrid, rows: Tensor): Tensor {
  const P = locations(grid);
  const columns = arange(0, videoTokens(grid), 1, { dtype: 'int64', device: rows.device });
  const place = (x: Tensor) => aten.remainder(x, P);
  const near = place(rows).unsqueeze(1).sub(place(columns)).abs().le(mask.halfWidth);
  if (mask.self) return near;
  const frame = (x: Tensor) => x.sub(place(x));
  return near.logicalAnd(frame(rows).unsqueeze(1).ne(frame(columns)));
}
