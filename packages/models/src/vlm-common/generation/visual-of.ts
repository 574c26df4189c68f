import { cat, type Tensor } from '@motion-enhancer/libtorch';
import { UserError } from '@motion-enhancer/support';
import type { SequencesInput } from './generate-sequences.js';

export interface VisualPrompt {
  ids: readonly number[];
  /** Embeddings of its media tokens, in their order. */
  visual?: Tensor | null;
}

/** Embeddings of the media tokens in the part of the prompts that a step computes, one sequence after the other. */
export function visualOf(
  inputs: readonly VisualPrompt[],
  mediaIds: readonly number[],
  { sequences, past, ids, padding }: Pick<SequencesInput, 'sequences' | 'past' | 'ids' | 'padding'>,
): Tensor | null {
  const parts = sequences.flatMap((b, i) => {
    const { ids: prompt, visual } = inputs[b]!;
    if (!visual) return [];
    const start = Math.max(0, past - padding[i]!);
    const end = Math.max(0, past + ids[i]!.length - padding[i]!);
    const count = (from: number, to: number) => prompt.slice(from, to).filter((id) => mediaIds.includes(id)).length;
    const [before, within] = [count(0, start), count(start, end)];
    return within === 0 ? [] : [visual.narrow(0, before, within)];
  });
  return parts.length > 1 ? cat(parts) : (parts[0] ?? null);
}

/** @throws UserError ERR_MEDIA when a prompt has more or fewer visual embeddings than media tokens */
export function checkVisual(inputs: readonly VisualPrompt[], mediaIds: readonly number[]): void {
  for (const { ids, visual } of inputs) {
    // Without any, the media may be in a cache already; where they are not, the model finds out.
    if (!visual || ids.length === 0) continue;
    const places = ids.filter((id) => mediaIds.includes(id)).length;
    if (places !== visual.size(0)) throw mediaError(places, visual.size(0));
  }
}

export const mediaError = (places: number, count: number): UserError =>
  new UserError(
    `Expected ${places} visual embeddings (one per image or video pad token) but received ${count}. Check that every image and video of the prompt was encoded, and that pad tokens were expanded to its grid.`,
    { code: 'ERR_MEDIA' },
  );
