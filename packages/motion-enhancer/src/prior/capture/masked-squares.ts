import { arange, eye, scope, stack, type Tensor } from '@motion-enhancer/libtorch';
import { type TokenGrid, videoTokens } from '../grid.js';
import { type Mask, maskRows, SAME_LOCATION } from './mask.js';
import { estimateSum, type RowSample, rowsTensor } from './sample-rows.js';

/** Numerator and denominator of Eq 11. */
export interface MaskedSquares {
  /** Σ A² inside of the mask, [heads] */
  inside_H: Tensor;
  outside_H: Tensor;
  /** Standard error of `outside_H`; null where that is exact */
  error_H: Tensor | null;
}

interface Squares {
  /** Over all entries, [heads] */
  squares_H: Tensor;
  masked?: MaskedSquares;
}

const isDefault = (mask: Mask): boolean => mask.halfWidth === SAME_LOCATION.halfWidth && mask.self;

/**
 * Exact sums over a map that comes in tiles of rows.
 * @param tile rows of the map, [heads, length, S], not yet averaged
 * @param scale brings a sum of squares to the average's
 */
export function maskedOfAll(
  tiles: readonly [number, number][],
  tile: (start: number, length: number) => Tensor,
  { same_HPFF, mask, grid }: { same_HPFF: Tensor; mask: Mask; grid: TokenGrid },
  scale: (sum_H: Tensor) => Tensor,
): Squares {
  const wide = mask.halfWidth > 0;
  const parts = tiles.map(([start, length]) =>
    scope(() => {
      const squares = tile(start, length).square(); // [heads, length, S]
      const all = squares.sum([-2, -1]);
      if (!wide) return { all, inside: null };
      const rows = arange(start, start + length, 1, { dtype: 'int64', device: squares.device });
      return { all, inside: squares.mul(maskRows(mask, grid, rows).to(squares.dtype)).sum([-2, -1]) };
    }),
  );
  const squares_H = scale(stack(parts.map((part) => part.all)).sum(0));
  if (!wide) return maskedOfSameLocation(squares_H, same_HPFF, mask);
  const inside_H = scale(stack(parts.map((part) => part.inside!)).sum(0));
  return { squares_H, masked: { inside_H, outside_H: squares_H.sub(inside_H), error_H: null } };
}

/** For masks of equal locations, whose inside is known entry by entry; nothing is added for D itself. */
export function maskedOfSameLocation(squares_H: Tensor, same_HPFF: Tensor, mask: Mask): Squares {
  if (isDefault(mask)) return { squares_H };
  const inside_H = insideSquares(same_HPFF, mask).to(squares_H.dtype);
  return { squares_H, masked: { inside_H, outside_H: squares_H.sub(inside_H), error_H: null } };
}

/** Σ over equal locations, with or without pairs of a frame with itself: [heads] */
function insideSquares(same_HPFF: Tensor, mask: Mask): Tensor {
  const squares = same_HPFF.to('float64').square();
  if (mask.self) return squares.sum([1, 2, 3]);
  const F = same_HPFF.size(3);
  return squares.mul(eye(F, F, { dtype: 'float64', device: same_HPFF.device }).neg().add(1)).sum([1, 2, 3]);
}

/**
 * Estimates from rows of the averaged map: only what lies outside is estimated where the inside is known exactly, so
 * that strong diagonals add no noise.
 * @param rows_HRS [heads, rows, S]
 */
export function maskedOfSample(
  rows_HRS: Tensor,
  same_HPFF: Tensor,
  sample: RowSample,
  mask: Mask,
  grid: TokenGrid,
): Squares {
  const squares = rows_HRS.square();
  const inside_RS = maskRows(mask, grid, rowsTensor(sample, rows_HRS.device)).to(squares.dtype);
  const outsideOfRows = squares.mul(inside_RS.neg().add(1)).sum(-1); // [heads, rows]
  const outside = estimateSum(outsideOfRows, sample, grid);
  const inside =
    mask.halfWidth === 0
      ? insideSquares(same_HPFF, mask)
      : estimateSum(squares.mul(inside_RS).sum(-1), sample, grid).sum_H;
  const complete = videoTokens(grid) === sample.rows.length;
  const to = (x: Tensor) => x.to(rows_HRS.dtype);
  return {
    squares_H: to(inside.add(outside.sum_H)),
    masked: { inside_H: to(inside), outside_H: to(outside.sum_H), error_H: complete ? null : to(outside.error_H) },
  };
}
