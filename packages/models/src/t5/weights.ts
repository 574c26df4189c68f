import type { Tensor } from '@motion-enhancer/libtorch';
import type { WeightReader } from '../hub/index.js';
import type { T5Config } from './config.js';

export interface T5BlockWeights {
  attentionNorm: Tensor;
  q: Tensor;
  k: Tensor;
  v: Tensor;
  o: Tensor;
  ffNorm: Tensor;
  /** Gate, through GELU. */
  wi_0: Tensor;
  wi_1: Tensor;
  /** Float32 in a float16 model, as upstream keeps it. */
  wo: Tensor;
}
/** Mirrors the checkpoint; no projection has a bias. */
export interface T5Weights {
  /** [vocabSize, width] */
  embedding: Tensor;
  /** [buckets, heads], of the first block, used by all */
  relativeBias: Tensor;
  blocks: T5BlockWeights[];
  finalNorm: Tensor;
}

/**
 * Names: transformers models/t5/modeling_t5.py 5.18.0, T5EncoderModel.
 * @param float32Reader reader for the weights that stay float32 in a float16 model (`_keep_in_fp32_modules = ["wo"]`)
 */
export function readT5Weights(r: WeightReader, float32Reader: WeightReader, c: T5Config): T5Weights {
  const inner = c.heads * c.headDim;
  const embeddingName = r.has('shared.weight') ? 'shared.weight' : 'encoder.embed_tokens.weight';
  return {
    embedding: r.get(embeddingName, [c.vocabSize, c.width]),
    relativeBias: r.get('encoder.block.0.layer.0.SelfAttention.relative_attention_bias.weight', [c.buckets, c.heads]),
    blocks: Array.from({ length: c.layers }, (_, i) => {
      const at = `encoder.block.${i}.layer`;
      return {
        attentionNorm: r.get(`${at}.0.layer_norm.weight`, [c.width]),
        q: r.get(`${at}.0.SelfAttention.q.weight`, [inner, c.width]),
        k: r.get(`${at}.0.SelfAttention.k.weight`, [inner, c.width]),
        v: r.get(`${at}.0.SelfAttention.v.weight`, [inner, c.width]),
        o: r.get(`${at}.0.SelfAttention.o.weight`, [c.width, inner]),
        ffNorm: r.get(`${at}.1.layer_norm.weight`, [c.width]),
        wi_0: r.get(`${at}.1.DenseReluDense.wi_0.weight`, [c.ffWidth, c.width]),
        wi_1: r.get(`${at}.1.DenseReluDense.wi_1.weight`, [c.ffWidth, c.width]),
        wo: float32Reader.get(`${at}.1.DenseReluDense.wo.weight`, [c.width, c.ffWidth]),
      };
    }),
    finalNorm: r.get('encoder.final_layer_norm.weight', [c.width]),
  };
}
