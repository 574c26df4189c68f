import type { RawConfig } from '../hub/index.js';
import { INTERNVL3_ADDED_TOKENS } from '../tokenizers/index.js';
import { IMAGENET_MEAN, IMAGENET_STD } from './processing/prepare-chat.js';
import type { RandomInternVL3Options } from './random.js';

/** Qwen2, in both forms of a checkpoint. */
const textConfig = (o: RandomInternVL3Options): RawConfig => ({
  attention_dropout: 0.0,
  bos_token_id: 151643,
  eos_token_id: 151645,
  hidden_act: 'silu',
  hidden_size: o.hiddenSize ?? 64,
  initializer_range: 0.02,
  intermediate_size: 2 * (o.hiddenSize ?? 64),
  max_position_embeddings: o.maxPositionEmbeddings ?? 32768,
  model_type: 'qwen2',
  num_attention_heads: 4,
  num_hidden_layers: o.layers ?? 4,
  num_key_value_heads: 2,
  rms_norm_eps: 1e-6,
  rope_theta: 1000000.0,
  tie_word_embeddings: false,
  use_cache: true,
  use_sliding_window: false,
  vocab_size: o.vocabSize ?? 151674,
});

/** InternViT, in both forms of a checkpoint. */
const VISION = {
  hidden_act: 'gelu',
  hidden_size: 64,
  initializer_range: 0.02,
  intermediate_size: 128,
  layer_norm_eps: 1e-6,
  norm_type: 'layer_norm',
  num_attention_heads: 4,
  num_channels: 3,
  num_hidden_layers: 2,
};

/** @internal The config.json of a random checkpoint. */
export function randomConfig(o: RandomInternVL3Options): RawConfig {
  const settings = { dtype: o.dtype ?? 'bfloat16', size: o.imageSize ?? 112, text: textConfig(o) };
  return o.form === 'remote' ? remoteConfig(settings) : transformersConfig(settings);
}

interface RandomConfigSettings {
  dtype: string;
  /** Side of a tile, pixels. */
  size: number;
  text: RawConfig;
}

/** As OpenGVLab's own code reads it. */
const remoteConfig = ({ dtype, size, text }: RandomConfigSettings): RawConfig => ({
  architectures: ['InternVLChatModel'],
  model_type: 'internvl_chat',
  downsample_ratio: 0.5,
  dynamic_image_size: true,
  force_image_size: size,
  max_dynamic_patch: 12,
  min_dynamic_patch: 1,
  ps_version: 'v2',
  select_layer: -1,
  template: 'internvl2_5',
  torch_dtype: dtype,
  use_thumbnail: true,
  llm_config: {
    ...text,
    architectures: ['Qwen2ForCausalLM'],
    rope_scaling: { factor: 2.0, rope_type: 'dynamic', type: 'dynamic' },
  },
  vision_config: {
    ...VISION,
    model_type: 'intern_vit_6b',
    image_size: size,
    patch_size: 14,
    qkv_bias: true,
    qk_normalization: false,
  },
});

/** As transformers reads it. */
const transformersConfig = ({ dtype, size, text }: RandomConfigSettings): RawConfig => ({
  architectures: ['InternVLForConditionalGeneration'],
  model_type: 'internvl',
  downsample_ratio: 0.5,
  image_seq_length: (size / 28) ** 2,
  image_token_id: 151667,
  projector_hidden_act: 'gelu',
  tie_word_embeddings: false,
  torch_dtype: dtype,
  vision_feature_layer: -1,
  vision_feature_select_strategy: 'default',
  text_config: text,
  vision_config: {
    ...VISION,
    model_type: 'internvl_vision',
    attention_bias: true,
    image_size: [size, size],
    patch_size: [14, 14],
    use_absolute_position_embeddings: true,
    use_mask_token: false,
    use_mean_pooling: true,
    use_qk_norm: false,
  },
});

/** @internal What lies beside the weights. */
export function randomExtraFiles(seed: number, tileSize: number): Record<string, string> {
  const json = (value: unknown) => `${JSON.stringify(value, null, 2)}\n`;
  return {
    'generation_config.json': json({ eos_token_id: 151645, pad_token_id: 151643, transformers_version: '4.52.0' }),
    'preprocessor_config.json': json({
      crop_size: tileSize,
      do_resize: true,
      image_mean: IMAGENET_MEAN,
      image_std: IMAGENET_STD,
      size: { height: tileSize, width: tileSize },
    }),
    'tokenizer_config.json': json({
      add_bos_token: false,
      add_prefix_space: false,
      added_tokens_decoder: Object.fromEntries(
        INTERNVL3_ADDED_TOKENS.map(({ id, content, special }) => [
          id,
          { content, special, lstrip: false, rstrip: false, normalized: false, single_word: false },
        ]),
      ),
      bos_token: null,
      eos_token: '<|im_end|>',
      model_max_length: 32768,
      pad_token: '<|endoftext|>',
      tokenizer_class: 'Qwen2Tokenizer',
      unk_token: null,
    }),
    'README.md': `# A random InternVL3

The weights of this checkpoint are random numbers (seed ${seed}). They mean nothing: it answers noise. It exists to try
and test the machinery around a model of this layout. Made by MotionEnhancer (\`writeRandomInternVL3\`).
`,
  };
}
