import type { Tensor } from '@motion-enhancer/libtorch';

/**
 * Entries of attention maps from the log-sum-exps that fused attention returns: softmax(q kᵀ / √d), exactly, of any queries
 * over any keys.
 * @param q already divided by √d
 * @returns [..., queries, keys]
 */
export function attentionFromLse(q: Tensor, k: Tensor, lse: Tensor): Tensor {
  return q.matmul(k.transpose(-2, -1)).sub_(lse.unsqueeze(-1)).exp(); // Eq 10: A = exp(q·k/√d − lse)
}
