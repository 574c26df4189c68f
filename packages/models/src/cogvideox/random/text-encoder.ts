import { ones } from '@motion-enhancer/libtorch';
import type { RandomSizes } from './sizes.js';
import type { WeightMaker } from './weight-maker.js';

/** config.json and weights of a T5 v1.1 encoder. Names: transformers models/t5/modeling_t5.py 5.18.0. */
export function randomTextEncoder(m: WeightMaker, s: RandomSizes): Record<string, unknown> {
  const headDim = s.textWidth / s.textHeads;
  const ffWidth = 4 * s.textWidth;
  const norm = (name: string) => m.tensors.set(`${name}.weight`, ones([s.textWidth]));
  const layer = (name: string, out: number, inp: number, gain = 1) => m.layer(name, out, inp, { gain, bias: false });
  m.normal('shared.weight', [s.vocabSize, s.textWidth], 1);
  for (let i = 0; i < s.textLayers; i++) {
    const at = `encoder.block.${i}.layer`;
    norm(`${at}.0.layer_norm`);
    // T5 does not divide q·k by √headDim: its weights carry that.
    layer(`${at}.0.SelfAttention.q`, s.textWidth, s.textWidth, headDim ** -0.5);
    for (const part of ['k', 'v', 'o']) layer(`${at}.0.SelfAttention.${part}`, s.textWidth, s.textWidth);
    if (i === 0) m.normal(`${at}.0.SelfAttention.relative_attention_bias.weight`, [32, s.textHeads], 1);
    norm(`${at}.1.layer_norm`);
    layer(`${at}.1.DenseReluDense.wi_0`, ffWidth, s.textWidth);
    layer(`${at}.1.DenseReluDense.wi_1`, ffWidth, s.textWidth);
    layer(`${at}.1.DenseReluDense.wo`, s.textWidth, ffWidth);
  }
  norm('encoder.final_layer_norm');
  return {
    architectures: ['T5EncoderModel'],
    classifier_dropout: 0,
    d_ff: ffWidth,
    d_kv: headDim,
    d_model: s.textWidth,
    dense_act_fn: 'gelu_new',
    dropout_rate: 0.1,
    eos_token_id: 1,
    feed_forward_proj: 'gated-gelu',
    initializer_factor: 1,
    is_encoder_decoder: false,
    is_gated_act: true,
    layer_norm_epsilon: 1e-6,
    model_type: 't5',
    num_decoder_layers: s.textLayers,
    num_heads: s.textHeads,
    num_layers: s.textLayers,
    pad_token_id: 0,
    relative_attention_max_distance: 128,
    relative_attention_num_buckets: 32,
    tie_word_embeddings: false,
    torch_dtype: 'float32',
    use_cache: false,
    vocab_size: s.vocabSize,
  };
}
