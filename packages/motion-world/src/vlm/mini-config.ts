import type { RawConfig } from '@motion-enhancer/models';
import { DEFAULT_SYSTEM } from '@motion-enhancer/models';
import { preprocessorConfig, tokenizerConfig } from '@motion-enhancer/models/internal/qwen2-5-vl/processor-files.js';
import { CLIP } from '../clips/clip-size.js';
import type { CutTokenizer } from './cut-tokenizer.js';

/** Frames a second of the world's clips: a frame pair is one tick of the model's clock (`tokens_per_second` 4). */
export const CLIP_FPS = 8;

/** Sizes of the mini VLM. A 64 × 64 clip of 16 frames is 8 × 4 × 4 visual tokens. */
export interface MiniSizes {
  hidden: number;
  layers: number;
  heads: number;
  intermediate: number;
  visionHidden: number;
  visionDepth: number;
  visionHeads: number;
  visionIntermediate: number;
}

export const MINI: MiniSizes = {
  hidden: 256,
  layers: 6,
  heads: 8,
  intermediate: 640,
  visionHidden: 128,
  visionDepth: 4,
  visionHeads: 4,
  visionIntermediate: 256,
};

/** config.json of a mini Qwen2.5-VL, flat as published ones are. */
export function miniConfig(cut: CutTokenizer, sizes: MiniSizes = MINI): RawConfig {
  const idOf = (content: string) => cut.added.find((token) => token.content === content)!.id;
  const half = sizes.hidden / sizes.heads / 2;
  const time = Math.floor(half / 4);
  const rows = Math.floor((half - time) / 2);
  return {
    architectures: ['Qwen2_5_VLForConditionalGeneration'],
    attention_dropout: 0.0,
    bos_token_id: idOf('<|endoftext|>'),
    eos_token_id: idOf('<|im_end|>'),
    vision_start_token_id: idOf('<|vision_start|>'),
    vision_end_token_id: idOf('<|vision_end|>'),
    vision_token_id: idOf('<|vision_pad|>'),
    image_token_id: idOf('<|image_pad|>'),
    video_token_id: idOf('<|video_pad|>'),
    hidden_act: 'silu',
    hidden_size: sizes.hidden,
    initializer_range: 0.02,
    intermediate_size: sizes.intermediate,
    max_position_embeddings: 4096,
    max_window_layers: sizes.layers,
    model_type: 'qwen2_5_vl',
    num_attention_heads: sizes.heads,
    num_hidden_layers: sizes.layers,
    num_key_value_heads: sizes.heads,
    rms_norm_eps: 1e-6,
    // The slowest pairs turn with the column: at Qwen's 1e6 four columns would look alike to a head of 32.
    rope_theta: 10.0,
    sliding_window: 4096,
    tie_word_embeddings: true,
    torch_dtype: 'bfloat16',
    transformers_version: '4.49.0',
    use_cache: true,
    use_sliding_window: false,
    vision_config: {
      depth: sizes.visionDepth,
      hidden_act: 'silu',
      hidden_size: sizes.visionHidden,
      intermediate_size: sizes.visionIntermediate,
      num_heads: sizes.visionHeads,
      in_chans: 3,
      out_hidden_size: sizes.hidden,
      patch_size: 8,
      spatial_merge_size: 2,
      spatial_patch_size: 8,
      // A frame of the world is one window: 4 × 4 tokens.
      window_size: 64,
      fullatt_block_indexes: [sizes.visionDepth - 1],
      tokens_per_second: 4,
      temporal_patch_size: 2,
    },
    rope_scaling: { type: 'mrope', mrope_section: [time, rows, half - time - rows] },
    vocab_size: cut.vocabSize,
  };
}

/** What lies beside the weights. */
export function miniFiles(cut: CutTokenizer): Record<string, string> {
  const json = (value: unknown) => `${JSON.stringify(value, null, 2)}\n`;
  const idOf = (content: string) => cut.added.find((token) => token.content === content)!.id;
  return {
    ...cut.files,
    'generation_config.json': json({
      bos_token_id: idOf('<|endoftext|>'),
      pad_token_id: idOf('<|endoftext|>'),
      do_sample: false,
      eos_token_id: [idOf('<|im_end|>'), idOf('<|endoftext|>')],
      transformers_version: '4.49.0',
    }),
    'preprocessor_config.json': json(
      preprocessorConfig({ minPixels: CLIP.size ** 2, maxPixels: 16 * CLIP.size ** 2, patchSize: 8 }),
    ),
    'tokenizer_config.json': json(tokenizerConfig(cut.added, 4096)),
  };
}

/** Texts that every chat holds, for the tokenizer's cut. */
export const CHAT_TEXTS: readonly string[] = [
  DEFAULT_SYSTEM,
  'system\n',
  'user\n',
  'assistant\n',
  '\n',
  ' A',
  ' B',
  ' C',
  ' D',
];
