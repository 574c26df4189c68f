import { aten, type Tensor } from '@motion-enhancer/libtorch';

/**
 * x / √(mean(x²) + eps) · weight over the last dimension; the mean is taken in float32 for half-precision input too.
 * Source: transformers models/qwen2_5_vl/modeling_qwen2_5_vl.py @ v5.18.0 (Qwen2_5_VLRMSNorm).
 */
export function rmsNorm(x: Tensor, weight: Tensor, eps: number): Tensor {
  return aten.rms_norm(x, [weight.size(0)], { weight, eps });
}
