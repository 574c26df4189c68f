import type { InternVL3, InternVL3GenerateInput } from '../../internvl3/index.js';
import { generateRows, type RowsInput } from './generate-rows.js';
import { type BatchOptions, visualOf } from './qwen-rows.js';
import { sharing } from './sharing.js';

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
  const stepOf = (some: readonly InternVL3GenerateInput[]) => (step: RowsInput) =>
    model.forward({
      ids: step.ids,
      visual: visualOf(some, [config.imageTokenId], step),
      attentionMask: step.mask,
      logits: 'last',
      cache: step.cache,
    }).logits;
  return sharing(inputs, options, model.device, stepOf, (shared) =>
    generateRows(prompts, { ...shared, context, device: model.device, decoding }, stepOf(inputs)),
  );
}
