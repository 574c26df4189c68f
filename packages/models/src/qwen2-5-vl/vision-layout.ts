import { type Tensor, tensor } from '@motion-enhancer/libtorch';
import type { Qwen25VLVisionConfig } from './config.js';
import { type Grid, patchCount, tokenCount } from './grid.js';
import { windowIndex } from './window-index.js';

/** `count` neighbouring segments of `size` patches each, which attend within themselves. */
export interface SegmentRun {
  count: number;
  size: number;
}

/**
 * How patches lie in memory within the tower. Windows of one size are brought together, so that windowed attention is
 * a few batched calls (a frame has at most four sizes) without padding, masks or a loop over windows.
 */
export interface VisionLayout {
  /** int64 [P]: old place of each patch. */
  order: Tensor;
  /** int64 [P]: new place of each old patch, in which frame pairs are contiguous. */
  inverse: Tensor;
  /** int64 [P / 4]: the same for merged tokens, to undo the order after the merger. */
  mergedInverse: Tensor;
  /** In the new order. */
  windows: SegmentRun[];
  /** In the old order. */
  frames: SegmentRun[];
  /** int64 [P, 2]: row and column of each patch, in the new order. */
  positions: Tensor;
}

export function visionLayout(grids: readonly Grid[], config: Qwen25VLVisionConfig, device: string): VisionLayout {
  const unit = config.spatialMergeSize ** 2;
  const bySize = new Map<number, number[][]>(); // window size in tokens → its windows
  const coordinates: number[] = []; // of patches in the old order: row, column, …
  const frames: SegmentRun[] = [];
  let base = 0;
  for (const grid of grids) {
    const { order, sizes } = windowIndex(grid, config);
    let at = 0;
    for (const size of sizes) {
      const window = order.slice(at, at + size).map((token) => token + base);
      const alike = bySize.get(size);
      if (alike) alike.push(window);
      else bySize.set(size, [window]);
      at += size;
    }
    base += tokenCount(grid, config.spatialMergeSize);
    addRun(frames, grid[0], grid[1] * grid[2]);
    pushCoordinates(coordinates, grid, config.spatialMergeSize);
  }
  const tokens = [...bySize.values()].flat(2);
  // Loops and typed arrays: 60,000 patches are laid out in every pass, while the device waits.
  const patches = new Int32Array(tokens.length * unit);
  tokens.forEach((token, at) => {
    for (let i = 0; i < unit; i++) patches[at * unit + i] = token * unit + i;
  });
  const places = new Int32Array(2 * patches.length);
  patches.forEach((patch, at) => {
    places[2 * at] = coordinates[2 * patch]!;
    places[2 * at + 1] = coordinates[2 * patch + 1]!;
  });
  const int64 = (values: Int32Array) => tensor(values).to('int64', device);
  return {
    order: int64(patches),
    inverse: int64(inverseOf(patches)),
    mergedInverse: int64(inverseOf(Int32Array.from(tokens))),
    windows: [...bySize].map(([size, windows]) => ({ count: windows.length, size: size * unit })),
    frames,
    positions: int64(places).view(-1, 2),
  };
}

function addRun(runs: SegmentRun[], count: number, size: number): void {
  const last = runs.at(-1);
  if (last?.size === size) last.count += count;
  else runs.push({ count, size });
}

/** Patches come in groups of merge × merge, so that a group becomes one token. */
function pushCoordinates(coordinates: number[], grid: Grid, merge: number): void {
  const [T, h, w] = grid;
  const before = coordinates.length;
  for (let top = 0; top < h; top += merge)
    for (let left = 0; left < w; left += merge)
      for (let y = top; y < top + merge; y++) for (let x = left; x < left + merge; x++) coordinates.push(y, x);
  const one = coordinates.slice(before);
  for (let t = 1; t < T; t++) for (const value of one) coordinates.push(value);
  if (coordinates.length - before !== 2 * patchCount(grid)) throw new RangeError('grid is not a multiple of merge');
}

function inverseOf(order: Int32Array): Int32Array {
  const inverse = new Int32Array(order.length);
  order.forEach((from, to) => {
    inverse[from] = to;
  });
  return inverse;
}
