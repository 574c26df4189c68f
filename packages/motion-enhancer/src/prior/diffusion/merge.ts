import { aten, type Tensor } from '@motion-enhancer/libtorch';

/** Attention output [B, H, N, D] and the row log-sum-exp of its scores [B, H, N]. */
export interface Attended {
  out: Tensor;
  lse_BHN: Tensor;
}

/**
 * Attention over the union of two key sets from attention over each: softmax weights of the two parts are
 * e^(lse_a − lse) and e^(lse_b − lse) with lse = log(e^lse_a + e^lse_b). Exact up to rounding.
 */
export function mergeByLse(a: Attended, b: Attended): Attended {
  const lse = aten.logaddexp(a.lse_BHN, b.lse_BHN);
  const weightB = b.lse_BHN.sub(a.lse_BHN).sigmoid().unsqueeze(-1).to(a.out.dtype);
  return { out: aten.lerp(a.out, b.out, weightB), lse_BHN: lse };
}

/** The same, but only the output, written over `a.out`. */
export function mergeByLse_(a: Attended, b: Attended): void {
  const weightB = b.lse_BHN.sub(a.lse_BHN).sigmoid().unsqueeze(-1).to(a.out.dtype);
  aten.lerp_(a.out, b.out, weightB);
}
