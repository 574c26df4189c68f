import type { Tensor } from '@motion-enhancer/libtorch';
import { applyRotaryInFloat, type RotaryTables } from '../../vlm-common/language/rotary.js';

/**
 * Queries, keys and values [P, H, D] of [P, 3 · H · D], the first two rotated in float32 whatever their type, by plain
 * operators: what the kernels are held against.
 */
export function referenceSplitRotary(qkv: Tensor, heads: number, tables: RotaryTables): Tensor[] {
  const [P, width] = qkv.shape as [number, number];
  const qkv_3PHD = qkv.view(P, 3, heads, width / 3 / heads).transpose(0, 1);
  const rotated = applyRotaryInFloat(qkv_3PHD.narrow(0, 0, 2), tables);
  return [...rotated.unbind(0), qkv_3PHD.select(0, 2)];
}
