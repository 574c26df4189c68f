import { tensor } from '@motion-enhancer/libtorch';
import { generateSequences, type SequencesInput } from '../vlm-common/generation/generate-sequences.js';
import { checkVisual, visualOf } from '../vlm-common/generation/visual-of.js';
import { type BatchOptions, withPrefixCaching } from '../vlm-common/generation/with-prefix-caching.js';
import type { GenerateInput } from './generate.js';
import type { Qwen25VL } from './model.js';

/**
 * Replies of Qwen2.5-VL to several prompts at once, padded on the left.
 * @throws UserError ERR_CONTEXT, ERR_MEDIA, ERR_VALUE
 */
export function generateBatch(model: Qwen25VL, inputs: readonly GenerateInput[], options: BatchOptions): number[][] {
  const { config } = model;
  const context = config.text.maxPositionEmbeddings;
  const prompts = inputs.map(({ ids }) => ids);
  const media = [config.imageTokenId, config.videoTokenId];
  const decoding = {
    weights: model.weights.language_model,
    config: config.text,
    shift: inputs.map(({ rope }) => rope.delta),
  };
  const stepOf = (inputs: readonly GenerateInput[]) => (step: SequencesInput) => {
    // Padded places have position 1, as in transformers; nothing looks at them.
    const positions = [0, 1, 2].map((axis) =>
      step.sequences.map((b, at) =>
        step.ids[at]!.map((_, i) => {
          const { rope } = inputs[b]!;
          const place = step.past + i - step.padding[at]!;
          if (place < 0) return 1;
          return rope.positions[axis]![place] ?? place + rope.delta;
        }),
      ),
    );
    return model.forward({
      ids: step.ids,
      visual: visualOf(inputs, media, step),
      positions_3BN: tensor(positions, { dtype: 'int64', device: model.device }),
      attentionMask: step.mask,
      logits: 'last',
      cache: step.cache,
    }).logits;
  };
  checkVisual(inputs, media);
  return withPrefixCaching(inputs, options, model.device, stepOf, (shared) =>
    generateSequences(prompts, { ...shared, context, device: model.device, decoding }, stepOf(inputs)),
  );
}
