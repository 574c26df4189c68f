import { generateSequences, type SequencesInput } from '../vlm-common/generation/generate-sequences.js';
import { checkVisual, visualOf } from '../vlm-common/generation/visual-of.js';
import { type BatchOptions, withPrefixCaching } from '../vlm-common/generation/with-prefix-caching.js';
import type { InternVL3GenerateInput } from './generate.js';
import type { InternVL3 } from './model.js';

/**
 * Replies of InternVL3 to several prompts at once, padded on the left.
 * @throws UserError ERR_CONTEXT, ERR_MEDIA, ERR_VALUE
 */
export function generateInternVL3Batch(
  model: InternVL3,
  inputs: readonly InternVL3GenerateInput[],
  options: BatchOptions,
): number[][] {
  const { config } = model;
  const prompts = inputs.map(({ ids }) => ids);
  const context = config.text.maxPositionEmbeddings;
  const decoding = { weights: model.weights.language_model, config: config.text, shift: inputs.map(() => 0) };
  const stepOf = (some: readonly InternVL3GenerateInput[]) => (step: SequencesInput) =>
    model.forward({
      ids: step.ids,
      visual: visualOf(some, [config.imageTokenId], step),
      attentionMask: step.mask,
      logits: 'last',
      cache: step.cache,
    }).logits;
  checkVisual(inputs, [config.imageTokenId]);
  return withPrefixCaching(inputs, options, model.device, stepOf, (shared) =>
    generateSequences(prompts, { ...shared, context, device: model.device, decoding }, stepOf(inputs)),
  );
}
