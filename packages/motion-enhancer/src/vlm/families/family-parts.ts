import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { DType } from '@motion-enhancer/libtorch';
import { type ProcessorConfig, readProcessorConfig, type Tokenizer } from '@motion-enhancer/models';
import { type GenerationConfig, readGenerationConfig } from '../generate/generation-config.js';

/** How to load a checkpoint. */
export interface LoadOptions {
  /** `cpu`, `cuda:0`, … */
  device: string;
  dtype: DType;
  /** Parameters record gradients. Default false. */
  trainable?: boolean;
}

/** What every family reads of a folder besides its weights. */
export interface FolderParts {
  dir: string;
  tokenizer: Tokenizer;
  weights: 'trained' | 'random';
  generation: GenerationConfig;
  processor: ProcessorConfig;
}

/** @throws UserError ERR_CONFIG */
export function readFolder(dir: string, tokenizer: Tokenizer): FolderParts {
  return {
    dir,
    tokenizer,
    weights: existsSync(join(dir, 'RANDOM_WEIGHTS')) ? 'random' : 'trained',
    generation: readGenerationConfig(dir, tokenizer.eosId),
    processor: readProcessorConfig(dir),
  };
}
