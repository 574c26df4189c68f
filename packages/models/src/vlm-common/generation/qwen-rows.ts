import { cat, type Tensor, tensor } from '@motion-enhancer/libtorch';
import type { GenerateInput, Qwen25VL } from '../../qwen2-5-vl/index.js';
import { type GenerateRowsOptions, generateRows, type RowsInput } from './generate-rows.js';
import { sharing } from './sharing.js';

export type BatchOptions = Omit<GenerateRowsOptions, 'context' | 'device' | 'decoding'>;

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
  const stepOf = (inputs: readonly GenerateInput[]) => (step: RowsInput) => {
    // Padded places have position 1, as in transformers; nothing looks at them.
    const positions = [0, 1, 2].map((axis) =>
      step.rows.map((b, row) =>
        step.ids[row]!.map((_, i) => {
          const { rope } = inputs[b]!;
          const place = step.past + i - step.padding[row]!;
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
  return sharing(inputs, options, model.device, stepOf, (shared) =>
    generateRows(prompts, { ...shared, context, device: model.device, decoding }, stepOf(inputs)),
  );
}

/** Embeddings of the media tokens in the part of the prompts that a step computes, one row after the other. */
export function visualOf(
  inputs: readonly Pick<GenerateInput, 'ids' | 'visual'>[],
  mediaIds: readonly number[],
  { rows, past, ids, padding }: Pick<RowsInput, 'rows' | 'past' | 'ids' | 'padding'>,
): Tensor | null {
  const parts = rows.flatMap((b, row) => {
    const { ids: prompt, visual } = inputs[b]!;
    if (!visual) return [];
    const start = Math.max(0, past - padding[row]!);
    const end = Math.max(0, past + ids[row]!.length - padding[row]!);
    const count = (from: number, to: number) => prompt.slice(from, to).filter((id) => mediaIds.includes(id)).length;
    const [before, within] = [count(0, start), count(start, end)];
    return within === 0 ? [] : [visual.narrow(0, before, within)];
  });
  return parts.length > 1 ? cat(parts) : (parts[0] ?? null);
}
