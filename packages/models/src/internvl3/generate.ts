import type { Tensor } from '@motion-enhancer/libtorch';
import { type GenerateOptions, generateTokens, type NextLogits } from '../vlm-common/language/generate-tokens.js';
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
export function generateInternVL3(
  model: InternVL3,
  { ids: prompt, visual = null }: InternVL3GenerateInput,
  options: GenerateOptions,
): number[] {
  const { text } = model.config;
  const decoding = { weights: model.weights.language_model, config: text, shift: 0 };
  const nextLogits: NextLogits = (ids, past, cache) => {
    const { logits } = model.forward({ ids: [ids], visual: past === 0 ? visual : null, logits: 'last', cache });
    return logits;
  };
  return generateTokens(prompt, text.maxPositionEmbeddings, options, nextLogits, decoding);
}
