import { type DType, Generator, randn, scope, type Tensor } from '@motion-enhancer/libtorch';
import { saveCheckpoint } from '../hub/index.js';
import { type InternVL3Form, readInternVL3Config } from './config.js';
import { randomConfig, randomExtraFiles } from './random-files.js';
import { storedTensors } from './save.js';
import { parameterShapes } from './weights.js';

export interface RandomInternVL3Options {
  seed: number;
  /** Default `hf`. */
  form?: InternVL3Form;
  /** Default 64; four heads. */
  hiddenSize?: number;
  /** Default 4. */
  layers?: number;
  /** Side of a tile in pixels. Default 112, which is 16 tokens; published models have 448. */
  imageSize?: number;
  /** Rows of the embedding. Default 151,674, which InternVL3's tokenizer needs. */
  vocabSize?: number;
  maxPositionEmbeddings?: number;
  /** Default bfloat16, as published checkpoints are. */
  dtype?: DType;
  maxShardBytes?: number;
  overwrite?: boolean;
}

/**
 * Writes a small checkpoint with random weights in the layout of the published ones, in either form: for tests and
 * trials of the machinery, it answers nothing. The tokenizer's vocab.json and merges.txt are the caller's to copy.
 * @throws UserError ERR_CHECKPOINT when the folder holds something, ERR_CONFIG for sizes that do not divide
 */
export function writeRandomInternVL3(dir: string, options: RandomInternVL3Options): void {
  const form = options.form ?? 'hf';
  const raw = randomConfig(options);
  const config = readInternVL3Config(raw, 'the options of writeRandomInternVL3');
  const generator = new Generator(options.seed);
  const dtype = options.dtype ?? 'bfloat16';
  try {
    scope(() => {
      const parameters = new Map<string, Tensor>();
      for (const [name, shape] of parameterShapes(config))
        parameters.set(
          name,
          scope(() => randomParameter(name, shape, generator).to(dtype)),
        );
      saveCheckpoint(dir, {
        config: raw,
        tensors: new Map(storedTensors(parameters, form)),
        extraFiles: randomExtraFiles(options.seed, config.tileSize),
        ...(options.maxShardBytes === undefined ? {} : { maxShardBytes: options.maxShardBytes }),
        ...(options.overwrite === undefined ? {} : { overwrite: options.overwrite }),
      });
    });
  } finally {
    generator.dispose();
  }
}

/** Deviations that keep activations of narrow layers near 1. */
function randomParameter(name: string, shape: readonly number[], generator: Generator): Tensor {
  const noise = randn(shape, { generator });
  if (/norm.*weight$/.test(name)) return noise.mul(0.05).add(1);
  if (/lambda_/.test(name)) return noise.mul(0.02).add(0.1);
  if (shape.length === 1) return noise.mul(0.02);
  return noise.mul(/patch_embeddings|position_embeddings|cls_token/.test(name) ? 0.02 : 0.08);
}
