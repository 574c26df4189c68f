import type { RawConfig } from '../hub/index.js';
import type { RandomQwen25VLOptions } from './random.js';

const HEADS = 4;
const KV_HEADS = 2;

/** @internal The config.json of a random checkpoint as published ones have it. */
export function flatConfig(o: RandomQwen25VLOptions): RawConfig {
  const hidden = o.hiddenSize ?? 64;
  const half = hidden / HEADS / 2;
  const time = Math.floor(half / 4);
  const rows = Math.floor((half - time) / 2);
  return {
    architectures: ['Qwen2_5_VLForConditionalGeneration'],
    attention_dropout: 0.0,
    bos_token_id: 151643,
    eos_token_id: 151645,
    vision_start_token_id: 151652,
    vision_end_token_id: 151653,
    vision_token_id: 151654,
    image_token_id: 151655,
    video_token_id: 151656,
    hidden_act: 'silu',
    hidden_size: hidden,
    initializer_range: 0.02,
    intermediate_size: 2 * hidden,
    max_position_embeddings: o.maxPositionEmbeddings ?? 32768,
    max_window_layers: o.layers ?? 4,
    model_type: 'qwen2_5_vl',
    num_attention_heads: HEADS,
    num_hidden_layers: o.layers ?? 4,
    num_key_value_heads: KV_HEADS,
    rms_norm_eps: 1e-6,
    rope_theta: 1000000.0,
    sliding_window: 32768,
    tie_word_embeddings: o.tieWordEmbeddings ?? true,
    torch_dtype: o.dtype ?? 'bfloat16',
    transformers_version: '4.41.2',
    use_cache: true,
    use_sliding_window: false,
    vision_config: {
      depth: 4,
      hidden_act: 'silu',
      hidden_size: 64,
      intermediate_size: 128,
      num_heads: 4,
      in_chans: 3,
      out_hidden_size: hidden,
      patch_size: 14,
      spatial_merge_size: 2,
      spatial_patch_size: 14,
      window_size: 112,
      fullatt_block_indexes: [1, 3],
      tokens_per_second: 2,
      temporal_patch_size: 2,
    },
    rope_scaling: { type: 'mrope', mrope_section: [time, rows, half - time - rows] },
    vocab_size: o.vocabSize ?? 151936,
  };
}

/** Fields of the whole model; every other one of the flat form is the language model's. */
const OF_ROOT = new Set([
  'architectures',
  'model_type',
  'image_token_id',
  'video_token_id',
  'vision_start_token_id',
  'vision_end_token_id',
  'vision_token_id',
  'tie_word_embeddings',
  'transformers_version',
  'vision_config',
]);

/** @internal The same as transformers 5 writes it: `text_config` and `rope_parameters`. */
export function nestedConfig(flat: RawConfig): RawConfig {
  const entries = Object.entries(flat).filter(
    ([name]) => !['torch_dtype', 'rope_scaling', 'rope_theta'].includes(name),
  );
  const { mrope_section } = flat.rope_scaling as { mrope_section: number[] };
  return {
    ...Object.fromEntries(entries.filter(([name]) => OF_ROOT.has(name))),
    dtype: flat.torch_dtype,
    transformers_version: '5.0.0',
    text_config: {
      ...Object.fromEntries(entries.filter(([name]) => !OF_ROOT.has(name))),
      model_type: 'qwen2_5_vl_text',
      tie_word_embeddings: flat.tie_word_embeddings,
      layer_types: new Array(flat.num_hidden_layers as number).fill('full_attention'),
      rope_parameters: { rope_type: 'default', rope_theta: flat.rope_theta, mrope_section },
    },
  };
}
