import { residentWeights, type Tensor } from '@motion-enhancer/libtorch';
import type { Linear } from '../../layers/linear.js';
import type { Qwen2Config } from './qwen2-config.js';
import type { ParameterShapes, Qwen2BlockWeights, Qwen2Weights, WrapBlock } from './weights.js';

/**
 * Names and shapes of the decoder's parameters.
 * @param prefix of everything but the head: `model.language_model.`
 * @param head name of the output layer, absent when its weights are the embedding's
 */
export function qwen2Shapes(config: Qwen2Config, prefix: string, head: string): ParameterShapes {
  const { hiddenSize: C, intermediateSize: I, vocabSize: V, numAttentionHeads, numKeyValueHeads, headDim } = config;
  const Q = numAttentionHeads * headDim;
  const K = numKeyValueHeads * headDim;
  const shapes: ParameterShapes = new Map([[`${prefix}embed_tokens.weight`, [V, C]]]);
  for (let i = 0; i < config.numHiddenLayers; i++) {
    const at = `${prefix}layers.${i}.`;
    shapes.set(`${at}input_layernorm.weight`, [C]);
    for (const [name, out] of [
      ['q_proj', Q],
      ['k_proj', K],
      ['v_proj', K],
    ] as const) {
      shapes.set(`${at}self_attn.${name}.weight`, [out, C]);
      shapes.set(`${at}self_attn.${name}.bias`, [out]);
    }
    shapes.set(`${at}self_attn.o_proj.weight`, [C, Q]);
    shapes.set(`${at}post_attention_layernorm.weight`, [C]);
    shapes.set(`${at}mlp.gate_proj.weight`, [I, C]);
    shapes.set(`${at}mlp.up_proj.weight`, [I, C]);
    shapes.set(`${at}mlp.down_proj.weight`, [C, I]);
  }
  shapes.set(`${prefix}norm.weight`, [C]);
  if (!config.tieWordEmbeddings) shapes.set(head, [V, C]);
  return shapes;
}

/**
 * The decoder's parameters as a structure.
 * @param get finds a parameter by the names of `qwen2Shapes`
 */
export function qwen2Weights(
  get: (name: string) => Tensor,
  config: Qwen2Config,
  prefix: string,
  head: string,
  wrapBlock: WrapBlock = residentWeights,
): Qwen2Weights {
  const linear = (name: string, bias: boolean): Linear => ({
    weight: get(`${name}.weight`),
    bias: bias ? get(`${name}.bias`) : null,
  });
  const layers = Array.from({ length: config.numHiddenLayers }, (_, i) => {
    const at = `${prefix}layers.${i}`;
    const weights: Qwen2BlockWeights = {
      input_layernorm: get(`${at}.input_layernorm.weight`),
      self_attn: {
        q_proj: linear(`${at}.self_attn.q_proj`, true),
        k_proj: linear(`${at}.self_attn.k_proj`, true),
        v_proj: linear(`${at}.self_attn.v_proj`, true),
        o_proj: linear(`${at}.self_attn.o_proj`, false),
      },
      post_attention_layernorm: get(`${at}.post_attention_layernorm.weight`),
      mlp: {
        gate_proj: linear(`${at}.mlp.gate_proj`, false),
        up_proj: linear(`${at}.mlp.up_proj`, false),
        down_proj: linear(`${at}.mlp.down_proj`, false),
      },
    };
    return wrapBlock(weights, at);
  });
  const embed_tokens = get(`${prefix}embed_tokens.weight`);
  return {
    embed_tokens,
    layers,
    norm: get(`${prefix}norm.weight`),
    lm_head: config.tieWordEmbeddings ? embed_tokens : get(head),
  };
}
