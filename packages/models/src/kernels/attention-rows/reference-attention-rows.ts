import { arange, type Tensor } from '@motion-enhancer/libtorch';

/**
 * Rows of the causal attention map, mean over heads, by plain operators: what the kernels are held against.
 * @param q_BHND, k_BGND rotated, B = 1; each of the G key heads is shared by H / G query heads
 * @param index query positions, int64 [R]
 * @returns [R, N] float32 (float64 of float64)
 */
export function referenceAttentionRows(q_BHND: Tensor, k_BGND: Tensor, index: Tensor): Tensor {
  const [, H, , D] = q_BHND.shape as [number, number, number, number];
  const [, G, N] = k_BGND.shape as [number, number, number, number];
  const R = index.numel;
  const q_GRD = q_BHND
    .select(0, 0)
    .indexSelect(1, index)
    .reshape(G, (H / G) * R, D);
  const k_GDN = k_BGND.select(0, 0).transpose(1, 2);
  const scores = q_GRD.bmm(k_GDN);
  const scores_GHRN = (scores.dtype === 'float64' ? scores : scores.to('float32')).mul(D ** -0.5).view(G, H / G, R, N);
  const unseen_RN = arange(0, N, 1, { device: q_BHND.device }).unsqueeze(0).gt(index.unsqueeze(1));
  return scores_GHRN.maskedFill(unseen_RN, Number.NEGATIVE_INFINITY).softmax(-1).mean([0, 1]);
}
