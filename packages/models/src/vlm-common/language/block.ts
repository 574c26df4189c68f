import { scope, type Tensor } from '@motion-enhancer/libtorch';
import { swiglu } from '../../kernels/swiglu/swiglu.js';
import { linear } from '../../layers/linear.js';
import { rmsNorm } from './rms-norm.js';
import { type BlockContext, selfAttention } from './self-attention.js';
import type { Qwen2BlockWeights } from './weights.js';

/**
 * One decoder block, a pure function of its input and weights (so that it can be computed again in a backward pass).
 * Source: transformers models/qwen2_5_vl/modeling_qwen2_5_vl.py @ v5.18.0 (Qwen2_5_VLDecoderLayer).
 * @param rowPositions query positions whose attention (mean over heads) is wanted, or null
 * @returns h [B, N, C] and rows [R, N] float32
 */
export function block(
  h_BNC: Tensor,
  weights: Qwen2BlockWeights,
  context: BlockContext,
  layer: number,
  rowPositions: readonly number[] | Tensor | null,
): { h: Tensor; rows: Tensor | null } {
  return scope(() => {
    const eps = context.config.rmsNormEps;
    // What attention makes on the way is gone before the perceptron's wide activations come.
    const attended = scope(() => {
      const normed = rmsNorm(h_BNC, weights.input_layernorm, eps);
      const { h, rows } = selfAttention(normed, weights.self_attn, context, layer, rowPositions);
      return { h: h_BNC.add(h), rows };
    });
    const more = scope(() => mlp(rmsNorm(attended.h, weights.post_attention_layernorm, eps), weights.mlp));
    return { h: attended.h.add(more), rows: attended.rows };
  });
}

/** SwiGLU: down(silu(gate x) · up x) */
export function mlp(x: Tensor, weights: Qwen2BlockWeights['mlp']): Tensor {
  const inner = scope(() => swiglu(linear(x, weights.gate_proj), linear(x, weights.up_proj)));
  return linear(inner, weights.down_proj);
}
