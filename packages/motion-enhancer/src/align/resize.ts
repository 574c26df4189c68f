import { aten, type Tensor } from '@motion-enhancer/libtorch';

/** Frames, rows and columns of a map over a video. */
export interface Grid {
  frames: number;
  height: number;
  width: number;
}

export const cells = (grid: Grid): number => grid.frames * grid.height * grid.width;

/**
 * Resizes maps over a video trilinearly (align_corners = false, method.md 5.2). Differentiable.
 * @param rows_WS [words, from.frames · from.height · from.width]
 * @returns [words, to.frames · to.height · to.width]
 */
export function resizeMaps(rows_WS: Tensor, from: Grid, to: Grid): Tensor {
  if (from.frames === to.frames && from.height === to.height && from.width === to.width) return rows_WS;
  const volume = rows_WS.reshape(1, -1, from.frames, from.height, from.width);
  const resized = aten.upsample_trilinear3d(volume, [to.frames, to.height, to.width], false);
  return resized.reshape(-1, cells(to));
}

/**
 * The alignment grid of a run: the commonest grid of its priors, scaled down evenly until it has at most `most` cells
 * (method.md 5.3: the aligner needs one fixed S).
 */
export function alignmentGrid(grids: readonly Grid[], most = 4096): Grid {
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
  for (let scale = 1; cells(grid) > Math.max(1, most); scale *= 0.99) {
    const shrink = (n: number) => Math.max(1, Math.floor(n * scale));
    grid = { frames: shrink(commonest.frames), height: shrink(commonest.height), width: shrink(commonest.width) };
  }
  return grid;
}
