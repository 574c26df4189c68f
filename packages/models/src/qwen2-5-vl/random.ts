import { type DType, Generator, keep, randn, scope, type Tensor } from '@motion-enhancer/libtorch';
import { saveCheckpoint } from '../hub/index.js';
import { readQwen25VLConfig } from './config.js';
import { flatConfig, nestedConfig } from './random-config.js';
import { randomExtraFiles } from './random-files.js';
import { fileName, type WeightForm } from './weight-names.js';
import { parameterShapes } from './weights.js';

export interface RandomQwen25VLOptions {
  seed: number;
  /** As published (flat config, `visual.*` names; the default), or nested as transformers 5 has it. */
  form?: WeightForm;
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

/**
 * Writes a small checkpoint with random weights in the layout of the published ones: for tests and trials of the
 * machinery, it answers nothing. The tokenizer's vocab.json and merges.txt are the caller's to copy.
 * @throws UserError ERR_CHECKPOINT when the folder holds something, ERR_CONFIG for sizes that do not divide
 */
export function writeRandomQwen25VL(dir: string, options: RandomQwen25VLOptions): void {
  const form = options.form ?? 'hub';
  const raw = form === 'hub' ? flatConfig(options) : nestedConfig(flatConfig(options));
  const config = readQwen25VLConfig(raw, 'the options of writeRandomQwen25VL');
  const generator = new Generator(options.seed);
  const dtype = options.dtype ?? 'bfloat16';
  const tensors = new Map<string, Tensor>();
  try {
    for (const [name, shape] of parameterShapes(config))
      tensors.set(
        fileName(name, form),
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
