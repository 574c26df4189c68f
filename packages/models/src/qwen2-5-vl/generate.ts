import { type Tensor, tensor } from '@motion-enhancer/libtorch';
import { type GenerateOptions, generateTokens, type NextLogits } from '../vlm-common/language/generate-tokens.js';
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
  const { text } = model.config;
  const decoding = { weights: model.weights.language_model, config: text, shift: input.rope.delta };
  const nextLogits: NextLogits = (ids, past, cache) => {
    const next = past + input.rope.delta;
    const positions = past === 0 ? input.rope.positions : [[next], [next], [next]];
    const positions_3BN = tensor(
      positions.map((axis) => [[...axis]]),
      { dtype: 'int64', device: model.device },
    );
    const visual = past === 0 ? (input.visual ?? null) : null;
    return model.forward({ ids: [ids], visual, positions_3BN, logits: 'last', cache }).logits;
  };
  return generateTokens(input.ids, text.maxPositionEmbeddings, options, nextLogits, decoding);
}
