import { arange, type Tensor } from '@motion-enhancer/libtorch';

/**
 * Which keys each query may see, or null where the fused causal kernel (or no mask at all) says the same.
 * A padded query sees itself, so that its softmax has something to sum over: its output is never used.
 * @param past tokens in the key-value cache
 * @param valid_BM 1 for tokens, 0 for padding (past tokens included); null when there is no padding
 * @returns bool [B or 1, 1, N, M], true = may see
 */
export function attentionMask(n: number, past: number, valid_BM: Tensor | null, device: string): Tensor | null {
  const padded = valid_BM !== null && valid_BM.eq(0).any().item() !== 0;
  if (!padded && (past === 0 || n === 1)) return null;
  const rows = arange(past, past + n, 1, { device }).unsqueeze(1); // [N, 1]
  const columns = arange(0, past + n, 1, { device }).unsqueeze(0); // [1, M]
  const causal = columns.le(rows).unsqueeze(0).unsqueeze(0);
  if (!padded) return causal;
  const itself = columns.eq(rows).unsqueeze(0).unsqueeze(0);
  const seen = valid_BM.ne(0).unsqueeze(1).unsqueeze(1); // [B, 1, 1, M]
  return causal.logicalAnd(seen.logicalOr(itself));
}
