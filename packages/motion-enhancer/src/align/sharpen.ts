import { aten, scope, type Tensor } from '@motion-enhancer/libtorch';
import { LEAST, mapSum } from './map-rows.js';

/**
 * A word's map taken to a power and scaled back to the sum that it had: above 1 its mass gathers at the peaks, below 1 it
 * spreads; cells of 0 stay 0, and power 1 is the map itself. Not in the paper.
 * @param map [cells], not negative; a map of zeros stays as it is
 * @param power above 0
 * @returns [cells]
 */
export function sharpenMap(map: Float32Array, power: number): Float32Array {
  if (power === 1) return map;
  // Relative to the peak: a high power of small entries would vanish in float32.
  const peak = map.reduce((largest, value) => Math.max(largest, value), 0);
  if (peak === 0) return map;
  const powers = map.map((value) => (value / peak) ** power);
  const scale = mapSum(map) / mapSum(powers);
  return powers.map((value) => value * scale);
}

/**
 * The same for every word's map, by operators in float32: `train` waits for it at every sample, and over the maps of a
 * large prior JavaScript takes some thirty times as long.
 * @param rows_WS [words, cells] of any floating-point type; it stays as it was
 * @returns [words, cells] in the same type and on the same device; with power 1 the tensor itself
 */
export function sharpenRows(rows_WS: Tensor, power: number): Tensor {
  if (power === 1) return rows_WS;
  return scope(() => {
    const maps = rows_WS.to('float32');
    const powers = aten.pow_(maps.div(maps.amax(-1, true).clamp(LEAST)), power);
    // The peak's own power is 1: only a map of zeros has a smaller sum.
    const scale = maps.sum(-1, true).div(powers.sum(-1, true).clamp(1));
    return powers.mul_(scale).to(rows_WS.dtype);
  });
}
