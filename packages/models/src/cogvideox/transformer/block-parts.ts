import { aten, cat, layerNorm, type Tensor } from '@motion-enhancer/libtorch';
import type { TrainingPositions } from './training-positions.js';

/**
 * The element-wise parts of a block with gradients: as plain operators here, as a kernel each in `kernels/`. Tokens of text
 * stand before those of video; modulations are [B, 2, width], the video's first, in any type.
 */
export interface BlockParts {
  /** LN(x) · by + plus, [B, N, width] */
  modulated(x_BND: Tensor, by_B2D: Tensor, plus_B2D: Tensor, textTokens: number, eps: number): Tensor;
  /** before + gate · update, [B, N, width] */
  gated(before_BND: Tensor, update_BND: Tensor, gate_B2D: Tensor, textTokens: number): Tensor;
  /**
   * Queries and keys, normed over every head and turned, and values: [B, N, heads, headDim] each
   * @param qkv [B, N, 3, heads, headDim]
   * @param norms gain and bias of queries, of keys: [2, 2, headDim]
   */
  queriesKeysValues(qkv: Tensor, norms: Tensor, positions: TrainingPositions, eps: number): Tensor[];
}

export const plainParts: BlockParts = {
  modulated(x, by, plus, T, eps) {
    const normed = layerNorm(x, [x.size(-1)], null, null, eps);
    return byKind(x, T, (part, kind) => scaled(part(normed), kind(by), kind(plus)));
  },
  gated(before, update, gate, T) {
    return byKind(before, T, (part, kind) => scaled(part(update), kind(gate), part(before)));
  },
  queriesKeysValues(qkv, norms, positions, eps) {
    const both = (i: number) => norms.select(1, i).to(qkv.dtype).unsqueeze(1); // [2, 1, d]
    const raw = qkv.narrow(2, 0, 2);
    // Products with 1/d give each entry the mean over its head, where a norm over rows of 32 would be slow.
    const centred = raw.sub(raw.matmul(positions.average));
    const size = centred.square().matmul(positions.average).add(eps).rsqrt();
    const turned = rotated(scaled(centred.mul(size), both(0), both(1)), positions);
    return [turned.select(2, 0), turned.select(2, 1), qkv.select(2, 2)];
  },
};

/** x · by + plus in one pass. */
export const scaled = (x: Tensor, by: Tensor, plus: Tensor): Tensor => aten.addcmul!(plus, x, by) as Tensor;

/** The tokens of text and of video, each worked on with its kind of modulation, put together again. */
function byKind(
  { shape: [, N], dtype }: Tensor,
  T: number,
  work: (part: (x: Tensor) => Tensor, kind: (m_B2D: Tensor) => Tensor) => Tensor,
): Tensor {
  const one = (start: number, count: number, kind: number) =>
    work(
      (x) => x.narrow(1, start, count),
      (m) => m.narrow(1, kind, 1).to(dtype),
    );
  if (T === 0) return one(0, N!, 0);
  return cat([one(0, T, 1), one(T, N! - T, 0)], 1);
}

/** x·cos + (−x1, x0)·sin over adjacent pairs. */
function rotated(x_BN2HD: Tensor, { rotary }: TrainingPositions): Tensor {
  if (!rotary) return x_BN2HD;
  return scaled(x_BN2HD.matmul(rotary.across), rotary.sin, x_BN2HD.mul(rotary.cos));
}
