import { scope, type Tensor } from '@motion-enhancer/libtorch';
import { LEAST, mapSum } from './map-rows.js';

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
 * The same for every word's map, by operators in float32.
 * @param rows_WS [words, cells] of any floating-point type; it stays as it was
 * @param sum null: rows stay as they are
 * @returns [words, cells] in the same type and on the same device; with null the tensor itself
 */
export function scaleRows(rows_WS: Tensor, sum: number | null): Tensor {
  if (sum === null) return rows_WS;
  return scope(() => {
    const maps = rows_WS.to('float32');
    return maps.div(maps.sum(-1, true).clamp(LEAST)).mul_(sum).to(rows_WS.dtype);
  });
}
