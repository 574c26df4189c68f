import { cells, type Grid, mapSum, sharpenMap } from '@motion-enhancer/core/internal/align/index.js';
import { relativeEntropy } from '@motion-enhancer/core/internal/prior/selection/focus.js';
import { fromTypedArray, scope } from '@motion-enhancer/libtorch';

/** How a map is changed before a word's attention is pulled toward it; in this order. Each keeps the map's sum. */
export interface MapChanges {
  /** Power of its entries: above 1 they gather at the peaks. */
  sharp: number;
  /** Every frame gets the mean over frames: place without time. */
  still: boolean;
  /** Passes of a box of 3 × 3 over height and width. */
  blur: number;
  /** Share of the mass that is spread evenly over all cells. */
  mix: number;
}

/** @param map [cells of grid], not negative */
export function changeMap(map: Float32Array, { sharp, still, blur, mix }: MapChanges, grid: Grid): Float32Array {
  const sum = mapSum(map);
  if (sum === 0) return map;
  let changed = sharpenMap(map, sharp);
  if (still) changed = meanFrame(changed, grid);
  for (let pass = 0; pass < blur; pass++) changed = boxed(boxed(changed, grid.width, 1), grid.height, grid.width);
  if (mix > 0) {
    const even = (mix * sum) / cells(grid);
    changed = changed.map((value) => (1 - mix) * value + even);
  }
  return changed;
}

function meanFrame(map: Float32Array, { frames, height, width }: Grid): Float32Array {
  const size = height * width;
  return map.map((_, cell) => {
    let sum = 0;
    for (let f = 0; f < frames; f++) sum += map[f * size + (cell % size)]!;
    return sum / frames;
  });
}

/**
 * Box of 3 along one axis: each cell gives a third to itself and to either neighbour; what would leave at an edge stays
 * in the cell.
 */
function boxed(map: Float32Array, length: number, stride: number): Float32Array {
  return map.map((value, cell) => {
    const at = Math.floor(cell / stride) % length;
    const before = at > 0 ? map[cell - stride]! : value;
    const after = at < length - 1 ? map[cell + stride]! : value;
    return (before + value + after) / 3;
  });
}

/** The relative entropy of a map: 0, all in one cell, to 1, all cells alike; 1 for an empty map. */
export const evenness = (map: Float32Array): number =>
  map.length < 2 ? 1 : scope(() => relativeEntropy(fromTypedArray(map, [map.length])).item());
