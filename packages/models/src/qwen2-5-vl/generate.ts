import type { Tensor } from '@motion-enhancer/libtorch';
import { forOne } from '../vlm-common/generation/for-one.js';
import type { GenerateOptions } from '../vlm-common/generation/generate-options.js';
import { generateBatch } from './generate-batch.js';
import type { Qwen25VL } from './model.js';
import type { RopeIndex } from './rope-index.js';

export interface GenerateInput {
  /** The prompt, pads expanded, up to and with `assistant\n`. */
  ids: readonly number[];
  /** Visual embeddings from `encodeVisual`. */
  visual?: Tensor | null;
  /** From `ropeIndex` of these ids. */
  rope: RopeIndex;
}

/**
 * Generates a reply with a key-value cache, greedily or by sampling.
 * @returns the new tokens; the end token, if it came, is the last one
 * @throws UserError ERR_CONTEXT, ERR_MEDIA, ERR_VALUE
 */
export function generate(model: Qwen25VL, input: GenerateInput, options: GenerateOptions): number[] {
  return generateBatch(model, [input], forOne(options))[0]!;
}
