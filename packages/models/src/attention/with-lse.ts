import { aten, LibtorchError, type Tensor } from '@motion-enhancer/libtorch';

/** Attention output and, of every query row, log Σⱼ exp(qᵢ·kⱼ/√d): any map entry is exp(qᵢ·kⱼ/√d − lseᵢ). */
export interface AttentionWithLse {
  /** [B, heads, N, headDim] in the inputs' dtype. */
  out: Tensor;
  /** [B, heads, N], natural logarithm; float32, or float64 for float64 inputs. */
  lse_BHN: Tensor;
}

/** Which operator computes it. */
export type LseKernel = 'cpu-flash' | 'cudnn' | 'flash' | 'efficient' | 'plain';

/** Set once when cuDNN refuses a shape on this machine: later calls go to flash at once. */
let cudnnRefused = false;

/** The fastest operator that returns log-sum-exp for this device, dtype and head size. */
export function lseKernel(device: string, dtype: string, headDim: number): LseKernel {
  if (device === 'cpu')
    return dtype === 'float32' || dtype === 'bfloat16' || dtype === 'float16' ? 'cpu-flash' : 'plain';
  if (dtype === 'float32') return headDim % 4 === 0 ? 'efficient' : 'plain';
  if (dtype === 'float16' || dtype === 'bfloat16') {
    if (headDim % 8 === 0 && headDim <= 128 && !cudnnRefused) return 'cudnn';
    if (headDim % 8 === 0 && headDim <= 256) return 'flash';
  }
  return 'plain';
}

/**
 * softmax(q kᵀ / √d) v without a mask, together with the log-sum-exp of every row; no N × M matrix is stored
 * except by the plain kernel.
 * Source: ATen native_functions.yaml (libtorch 2.13), the `_scaled_dot_product_*` family.
 * @param q_BHND queries [B, heads, N, headDim]; any strides with the last dimension dense
 * @param k_BHMD keys [B, heads, M, headDim]
 * @param v_BHMD values [B, heads, M, headDim]
 * @param kernel override of the choice, for tests and measurements
 */
export function attentionWithLse(
  q_BHND: Tensor,
  k_BHMD: Tensor,
  v_BHMD: Tensor,
  kernel: LseKernel = lseKernel(q_BHND.device, q_BHND.dtype, q_BHND.size(-1)),
): AttentionWithLse {
  switch (kernel) {
    case 'cpu-flash': {
      const [out, lse] = aten._scaled_dot_product_flash_attention_for_cpu(q_BHND, k_BHMD, v_BHMD);
      return { out, lse_BHN: lse };
    }
    case 'cudnn':
      try {
        const [out, lse] = aten._scaled_dot_product_cudnn_attention(q_BHND, k_BHMD, v_BHMD, null, true);
        // cuDNN's statistics come as [B, heads, N, 1].
        return { out, lse_BHN: lse.dim === 4 ? lse.squeeze(-1) : lse };
      } catch (error) {
        if (!(error instanceof LibtorchError) || error.code === 'ERR_OUT_OF_MEMORY') throw error;
        cudnnRefused = true;
        return attentionWithLse(q_BHND, k_BHMD, v_BHMD, 'flash');
      }
    case 'flash': {
      const [out, lse] = aten._scaled_dot_product_flash_attention(q_BHND, k_BHMD, v_BHMD);
      return { out, lse_BHN: lse };
    }
    case 'efficient': {
      const [out, lse] = aten._scaled_dot_product_efficient_attention(q_BHND, k_BHMD, v_BHMD, null, true);
      // Its rows are padded to a multiple of 32.
      return { out, lse_BHN: lse.narrow(2, 0, q_BHND.size(2)) };
    }
    case 'plain':
      return plain(q_BHND, k_BHMD, v_BHMD);
  }
}

/** Half types accumulate in float32, as the fused operators do. */
function plain(q_BHND: Tensor, k_BHMD: Tensor, v_BHMD: Tensor): AttentionWithLse {
  const { dtype } = q_BHND;
  const accumulateType = dtype === 'float64' ? 'float64' : 'float32';
  const scores_BHNM = q_BHND
    .to(accumulateType)
    .matmul(k_BHMD.to(accumulateType).transpose(-2, -1))
    .mul(q_BHND.size(-1) ** -0.5);
  const lse_BHN = scores_BHNM.logsumexp(-1);
  const out = scores_BHNM.sub(lse_BHN.unsqueeze(-1)).exp().matmul(v_BHMD.to(accumulateType));
  return { out: out.to(dtype), lse_BHN };
}
