import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { DType } from '@motion-enhancer/libtorch';
import { loadQwen25VL, loadTokenizer, type Qwen25VL, type Tokenizer } from '@motion-enhancer/models';
import { readJson } from '../parity/read-json.js';

/** A vision-language model with what it takes to talk to it. */
export interface Vlm {
  dir: string;
  model: Qwen25VL;
  tokenizer: Tokenizer;
  weights: 'trained' | 'random';
  generation: GenerationDefaults;
  dispose(): void;
}

/** What generation_config.json of a checkpoint asks for. */
export interface GenerationDefaults {
  eosIds: number[];
  repetitionPenalty: number;
}

/** Loads a checkpoint folder and its tokenizer. Free it with `dispose()`. */
export function loadVlm(dir: string, o: { device: string; dtype: DType; trainable?: boolean }): Vlm {
  const model = loadQwen25VL(dir, o);
  try {
    const tokenizer = loadTokenizer(dir);
    return {
      dir,
      model,
      tokenizer,
      weights: existsSync(join(dir, 'RANDOM_WEIGHTS')) ? 'random' : 'trained',
      generation: generationDefaults(dir, tokenizer),
      dispose: () => model.dispose(),
    };
  } catch (error) {
    model.dispose();
    throw error;
  }
}

function generationDefaults(dir: string, tokenizer: Tokenizer): GenerationDefaults {
  const path = join(dir, 'generation_config.json');
  const raw = existsSync(path) ? readJson(path) : {};
  const eos = raw.eos_token_id;
  const ids = (Array.isArray(eos) ? eos : [eos]).filter((id): id is number => typeof id === 'number');
  const penalty = raw.repetition_penalty;
  return {
    eosIds: ids.length > 0 ? ids : [tokenizer.eosId],
    repetitionPenalty: typeof penalty === 'number' ? penalty : 1,
  };
}
