import { type Tensor, tensor } from '@motion-enhancer/libtorch';

export const mapSum = (map: Float32Array): number => map.reduce((sum, value) => sum + value, 0);

/**
 * Every word's map by itself, in float32 on the processor.
 * @param rows_WS [words, cells] of any floating-point type; it stays as it was
 * @param change from a map to one of as many cells
 * @returns [words, cells] in the same type and on the same device
 */
export function changeRows(rows_WS: Tensor, change: (map: Float32Array) => Float32Array): Tensor {
  const { shape, dtype, device } = rows_WS;
  const cells = shape[1]!;
  const values = rows_WS.toFloat32Array();
  for (let at = 0; at < values.length; at += cells) values.set(change(values.subarray(at, at + cells)), at);
  return tensor(values, { shape, dtype, device });
}
