import type { InternVL3, InternVL3GenerateInput } from '../internvl3/index.js';
import { generateRows } from './generate-rows.js';
import { type BatchOptions, visualOf } from './qwen-rows.js';

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
  return generateRows(prompts, { ...options, context, device: model.device }, (step) => {
    return model.forward({
      ids: step.ids,
      visual: visualOf(inputs, [config.imageTokenId], step),
      attentionMask: step.mask,
      logits: 'last',
      cache: step.cache,
    }).logits;
  });
}
