import type { Tensor } from '@motion-enhancer/libtorch';
import type { RotaryTables } from '../../vlm-common/language/rotary.js';
import { fitsRotaryWidth } from '../rotary/rotary-kernels.js';
import { referenceSplitRotary } from './reference-split-rotary.js';
import { splitRotaryKernels } from './split-rotary-kernels.js';

/** Queries, keys and values [P, H, D] of [P, 3 · H · D], the first two rotated in float32; differentiable. */
export function splitRotary(qkv: Tensor, heads: number, tables: RotaryTables): Tensor[] {
  const kernels = fitsRotaryWidth(qkv.size(1) / 3 / heads) ? splitRotaryKernels(qkv) : null;
  return kernels ? kernels.split(qkv, heads, tables.cos, tables.sin) : referenceSplitRotary(qkv, heads, tables);
}
