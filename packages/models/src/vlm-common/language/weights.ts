import type { BlockWeights, Tensor } from '@motion-enhancer/libtorch';
import type { Linear } from '../../layers/linear.js';

/** One decoder block of Qwen2, named as in the checkpoint. */
export interface Qwen2BlockWeights {
  input_layernorm: Tensor; // [C]
  self_attn: { q_proj: Linear; k_proj: Linear; v_proj: Linear; o_proj: Linear };
  post_attention_layernorm: Tensor; // [C]
  mlp: { gate_proj: Linear; up_proj: Linear; down_proj: Linear };
}

export interface Qwen2Weights {
  embed_tokens: Tensor; // [V, C]
  layers: BlockWeights<Qwen2BlockWeights>[];
  norm: Tensor; // [C]
  lm_head: Tensor; // [V, C]; the very embed_tokens when tied
}

/** Makes the weights of a block ones that are there while it runs; `name` is what their names begin with, `….layers.3`. */
export type WrapBlock = <W>(weights: W, name: string) => BlockWeights<W>;

/** Name of a parameter → its shape. */
export type ParameterShapes = Map<string, readonly number[]>;
