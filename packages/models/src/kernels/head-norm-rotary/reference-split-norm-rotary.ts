import type { Tensor } from '@motion-enhancer/libtorch';
import type { TrainingPositions } from '../../cogvideox/transformer/training-positions.js';
import { scaled } from '../modulated-norm/scaled.js';

/**
 * Queries and keys, normed over every head and rotated, and values: [B, N, heads, headDim] each.
 * @param qkv [B, N, 3, heads, headDim]
 * @param norms gain and bias of queries, of keys: [2, 2, headDim]
 */
export type SplitNormRotary = (qkv: Tensor, norms: Tensor, positions: TrainingPositions, eps: number) => Tensor[];

/** By plain operators: what the kernels are held against. */
export const referenceSplitNormRotary: SplitNormRotary = (qkv, norms, positions, eps) => {
  const both = (i: number) => norms.select(1, i).to(qkv.dtype).unsqueeze(1); // [2, 1, d]
  const raw = qkv.narrow(2, 0, 2);
  // Products with 1/d give each entry the mean over its head, where a norm over rows of 32 would be slow.
  const centred = raw.sub(raw.matmul(positions.average));
  const size = centred.square().matmul(positions.average).add(eps).rsqrt();
  const rotated = rotate(scaled(centred.mul(size), both(0), both(1)), positions);
  return [rotated.select(2, 0), rotated.select(2, 1), qkv.select(2, 2)];
};

/** x·cos + (−x1, x0)·sin over adjacent pairs. */
function rotate(x_BN2HD: Tensor, { rotary }: TrainingPositions): Tensor {
  if (!rotary) return x_BN2HD;
  return scaled(x_BN2HD.matmul(rotary.across), rotary.sin, x_BN2HD.mul(rotary.cos));
}
