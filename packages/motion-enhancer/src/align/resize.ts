import { type Tensor, tensor } from '@motion-enhancer/libtorch';

/** Frames, rows and columns of a map over a video. */
export interface Grid {
  frames: number;
  height: number;
  width: number;
}

export const cells = (grid: Grid): number => grid.frames * grid.height * grid.width;

/**
 * Resizes maps over a video trilinearly (align_corners = false, docs/method.md 5.2). Differentiable. One product an axis: equal to
 * `upsample_trilinear3d`, whose gradient on a GPU is summed in no fixed order.
 * @param rows_WS [words, from.frames · from.height · from.width]
 * @returns [words, to.frames · to.height · to.width]
 */
export function resizeMaps(rows_WS: Tensor, from: Grid, to: Grid): Tensor {
  if (from.frames === to.frames && from.height === to.height && from.width === to.width) return rows_WS;
  const { dtype, device } = rows_WS;
  let x = rows_WS;
  const axes = [
    [from.frames, to.frames, from.height * from.width],
    [from.height, to.height, from.width],
    [from.width, to.width, 1],
  ] as const;
  for (const [size, wanted, inner] of axes) {
    if (size === wanted) continue;
    const weights = tensor(interpolation(size, wanted), { shape: [wanted, size], dtype, device });
    // [words · outer, size, inner] → [words · outer, wanted, inner]
    x = weights.matmul(x.reshape(-1, size, inner));
  }
  return x.reshape(-1, cells(to));
}

/** Row o: how much of each input cell output cell o takes, half-pixel centres, edges repeated. */
function interpolation(size: number, wanted: number): number[] {
  const weights = new Array<number>(size * wanted).fill(0);
  for (let o = 0; o < wanted; o++) {
    const place = Math.max(0, ((o + 0.5) * size) / wanted - 0.5);
    const low = Math.min(size - 1, Math.floor(place));
    const share = place - low;
    weights[o * size + low]! += 1 - share;
    weights[o * size + Math.min(size - 1, low + 1)]! += share;
  }
  return weights;
}

/**
 * The alignment grid of a run: the commonest grid of its priors, scaled down evenly until it has at most `most` cells
 * (docs/method.md 5.3: the aligner needs one fixed S).
 */
export function alignmentGrid(grids: readonly Grid[], maxCells = 4096): Grid {
  const counts = new Map<string, { grid: Grid; count: number }>();
  for (const grid of grids) {
    const key = `${grid.frames}x${grid.height}x${grid.width}`;
    const entry = counts.get(key);
    if (entry) entry.count++;
    else counts.set(key, { grid, count: 1 });
  }
  const commonest = [...counts.values()].sort((a, b) => b.count - a.count)[0]?.grid ?? {
    frames: 1,
    height: 1,
    width: 1,
  };
  let grid = commonest;
  for (let scale = 1; cells(grid) > Math.max(1, maxCells); scale *= 0.99) {
    const shrink = (n: number) => Math.max(1, Math.floor(n * scale));
    grid = { frames: shrink(commonest.frames), height: shrink(commonest.height), width: shrink(commonest.width) };
  }
  return grid;
}
