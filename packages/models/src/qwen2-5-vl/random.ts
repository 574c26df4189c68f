import { type DType, Generator, keep, randn, scope, type Tensor } from '@motion-enhancer/libtorch';
import { type RawConfig, saveCheckpoint } from '../hub/index.js';
import { readQwen25VLConfig } from './config.js';
import { randomExtraFiles } from './random-files.js';
import { fileName } from './weight-names.js';
import { parameterShapes } from './weights.js';

export interface RandomQwen25VLOptions {
  seed: number;
  /** Default 64; four heads. */
  hiddenSize?: number;
  /** Default 4. */
  layers?: number;
  /** Rows of the embedding. Default 151,936, which Qwen2.5's tokenizer needs. */
  vocabSize?: number;
  maxPositionEmbeddings?: number;
  /** Default true, as the 3B model has it. */
  tieWordEmbeddings?: boolean;
  /** Default bfloat16, as published checkpoints are. */
  dtype?: DType;
  maxShardBytes?: number;
  overwrite?: boolean;
}

const HEADS = 4;
const KV_HEADS = 2;

/**
 * Writes a small checkpoint with random weights in the layout of the published ones: for tests and trials of the
 * machinery, it answers nothing. The tokenizer's vocab.json and merges.txt are the caller's to copy.
 * @throws UserError ERR_CHECKPOINT when the folder holds something, ERR_CONFIG for sizes that do not divide
 */
export function writeRandomQwen25VL(dir: string, options: RandomQwen25VLOptions): void {
  const raw = rawConfig(options);
  const config = readQwen25VLConfig(raw, 'the options of writeRandomQwen25VL');
  const generator = new Generator(options.seed);
  const dtype = options.dtype ?? 'bfloat16';
  const tensors = new Map<string, Tensor>();
  try {
    for (const [name, shape] of parameterShapes(config))
      tensors.set(
        fileName(name, 'hub'),
        scope(() => keep(randomParameter(name, shape, generator).to(dtype))),
      );
    saveCheckpoint(dir, {
      config: raw,
      tensors,
      extraFiles: randomExtraFiles(options.seed),
      ...(options.maxShardBytes === undefined ? {} : { maxShardBytes: options.maxShardBytes }),
      ...(options.overwrite === undefined ? {} : { overwrite: options.overwrite }),
    });
  } finally {
    generator.dispose();
    for (const tensor of tensors.values()) tensor.dispose();
  }
}

/** Deviations that keep activations of narrow layers near 1. */
function randomParameter(name: string, shape: readonly number[], generator: Generator): Tensor {
  const noise = randn(shape, { generator });
  if (/norm|ln_q/.test(name)) return noise.mul(0.05).add(1);
  if (shape.length === 1) return noise.mul(0.02);
  return noise.mul(name.includes('patch_embed') ? 0.02 : 0.08);
}

function rawConfig(o: RandomQwen25VLOptions): RawConfig {
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
