import { scope, type Tensor, tensor } from '@motion-enhancer/libtorch';
import { attentionRowsKernel } from '../../kernels/attention-rows/attention-rows-kernel.js';
import { referenceAttentionRows } from '../../kernels/attention-rows/reference-attention-rows.js';

/**
 * Rows of the causal attention map, mean over heads: softmax(q_row · Kᵀ / √d) over the keys that the row may see.
 * Computed for the chosen rows only, beside the fused attention (which gives no map); gradients flow into q and k. What
 * stands between the products is three kernels of our own on CUDA in half precision.
 * The paper's alignment reads its text → video attention here (docs/method.md 5.1).
 * @param q_BHND rotated queries, B = 1
 * @param k_BGND rotated keys, G heads, each shared by H / G query heads
 * @param rows query positions; as an int64 tensor on the device nothing waits for a copy
 * @returns [R, N] float32, each row sums to 1
 */
export function attentionRows(q_BHND: Tensor, k_BGND: Tensor, rows: readonly number[] | Tensor): Tensor {
  // Only the mean outlives this: the maps of all heads would stay until the end of the block.
  return scope(() => {
    const [, H, , D] = q_BHND.shape as [number, number, number, number];
    const [, G] = k_BGND.shape as [number, number, number, number];
    const { device } = q_BHND;
    const index = Array.isArray(rows) ? tensor([...rows], { dtype: 'int64', device }) : (rows as Tensor);
    const R = index.numel;
    const kernel = attentionRowsKernel(q_BHND);
    if (kernel) {
      // Chosen within [N, H, D], as the heads lie: the gradient then lies so too.
      const chosen_RHD = q_BHND.transpose(1, 2).squeeze(0).indexSelect(0, index);
      const q_GRD = chosen_RHD.transpose(0, 1).reshape(G, (H / G) * R, D);
      const scores = q_GRD.bmm(k_BGND.squeeze(0).transpose(1, 2));
      return kernel.meanSoftmax(scores, index, H, D ** -0.5);
    }
    return referenceAttentionRows(q_BHND, k_BGND, index);
  });
}
