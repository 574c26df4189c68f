import type { Tensor } from '@motion-enhancer/libtorch';
import { forOne } from '../vlm-common/generation/for-one.js';
import type { GenerateOptions } from '../vlm-common/generation/generate-options.js';
import { generateInternVL3Batch } from './generate-batch.js';
import type { InternVL3 } from './model.js';

export interface InternVL3GenerateInput {
  /** The prompt, image tokens expanded, up to and with `assistant\n`. */
  ids: readonly number[];
  /** Visual embeddings from `encodeVisual`. */
  visual?: Tensor | null;
}

/**
 * Generates a reply with a key-value cache, greedily or by sampling.
 * @returns the new tokens; the end token, if it came, is the last one
 * @throws UserError ERR_CONTEXT, ERR_MEDIA, ERR_VALUE
 */
export function generateInternVL3(model: InternVL3, input: InternVL3GenerateInput, options: GenerateOptions): number[] {
  return generateInternVL3Batch(model, [input], forOne(options))[0]!;
}
