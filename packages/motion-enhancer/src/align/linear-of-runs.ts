import { aten, linear, type Tensor } from '@motion-enhancer/libtorch';

/**
 * y = x Wᵀ + b, or the same of R models at once as one batched product, each with its own weights.
 * @param x [M, in] or [R, M, in]
 * @param layer weight [out, in] and bias [out], or [R, out, in] and [R, out]
 * @returns [M, out] or [R, M, out]
 */
export function linearOfRuns(x: Tensor, { weight, bias }: { weight: Tensor; bias: Tensor | null }): Tensor {
  if (weight.dim === 2) return linear(x, weight, bias);
  const w_RIO = weight.transpose(1, 2);
  return bias ? aten.baddbmm(bias.unsqueeze(1), x, w_RIO) : x.bmm(w_RIO);
}
