import type { Tensor } from '@motion-enhancer/libtorch';
import { changeRows, mapSum } from './map-rows.js';

/**
 * A word's map scaled to a sum. Not in the paper.
 * @param map [cells], not negative; a map of zeros stays as it is
 * @param sum above 0
 * @returns [cells]
 */
export function scaleMap(map: Float32Array, sum: number): Float32Array {
  const own = mapSum(map);
  return own > 0 ? map.map((value) => (value * sum) / own) : map;
}

/**
 * The same for every word's map.
 * @param rows_WS [words, cells] of any floating-point type
 * @param sum null: rows stay as they are
 * @returns [words, cells] in the same type and on the same device; with null the tensor itself
 */
export const scaleRows = (rows_WS: Tensor, sum: number | null): Tensor =>
  sum === null ? rows_WS : changeRows(rows_WS, (map) => scaleMap(map, sum));
