import type { ModelSize } from './model-size.js';

/** Places that a step computes: tokens, those whose logits are wanted, and the vision tower's. */
export interface Places {
  tokens: number;
  logits: number;
  patches: number;
}

/**
 * Work of one training step on a sample as papers count it: 3 × the forward pass (2 FLOP a weight and place, causal
 * attention of the decoder included, the tower's left out), whatever is computed again.
 */
export function transformerFlops(size: ModelSize, { tokens, logits, patches }: Places): number {
  const { language, vocabularyWeights, vision, merger, patchesPerToken } = size;
  const products =
    (language - vocabularyWeights) * tokens +
    size.vocabulary * size.hidden * logits +
    vision * patches +
    (merger * patches) / patchesPerToken;
  const attention = size.layers * size.queryWidth * tokens ** 2; // q·k and p·v, half of the pairs
  return 6 * products + 6 * attention;
}
