import type { Tensor } from '@motion-enhancer/libtorch';
import type { GenerateSequencesOptions, SequencesInput } from './generate-sequences.js';
import { gatherPrefixes, planPrefixes } from './prefix-caching.js';

/** Options of a batch that a family's own function takes. */
export type BatchOptions = Omit<GenerateSequencesOptions, 'context' | 'device' | 'decoding'>;

interface Prompt {
  ids: readonly number[];
  visual?: Tensor | null;
  rope?: { positions: readonly (readonly number[])[] };
}

/**
 * Generates with prefix caching: what prompts have in common at their beginning, as questions about one video do, is
 * computed once. Prompts with the same visual embeddings (the same tensor) may share.
 * @param stepOf the model's step for some sequences @param generate with the cache of the prefixes, if there is one
 */
export function withPrefixCaching<T extends Prompt>(
  inputs: readonly T[],
  options: BatchOptions,
  device: string,
  stepOf: (inputs: readonly T[]) => (step: SequencesInput) => Tensor,
  generate: (options: BatchOptions) => number[][],
): number[][] {
  const prompts = inputs.map(({ ids }) => ids);
  // What a caller gave holds prefixes already; chunks are for prompts that are too long to be computed at once.
  const may = !options.cache && options.prefillChunk === undefined && inputs.length > 1;
  const plan = may ? planPrefixes(prompts, (a, b) => sameMedia(inputs[a]!, inputs[b]!)) : null;
  if (!plan) return generate(options);
  const longest = Math.max(...prompts.map(({ length }) => length));
  const cache = gatherPrefixes(
    prompts,
    plan,
    (sequence, length, part) => {
      const ids = [[...prompts[sequence]!.slice(0, length)]];
      stepOf([inputs[sequence]!])({ sequences: [0], ids, past: 0, padding: [0], mask: null, cache: part });
    },
    { device, room: longest + options.maxNewTokens },
  );
  try {
    return generate({ ...options, cache });
  } finally {
    cache.dispose();
  }
}

/** The same visual embeddings, seen at the same times. */
function sameMedia(a: Prompt, b: Prompt): boolean {
  if (!a.visual || a.visual !== b.visual) return false;
  const [mine, theirs] = [a.rope?.positions, b.rope?.positions];
  if (!mine || !theirs) return true;
  const length = Math.min(a.ids.length, b.ids.length);
  for (const [axis, places] of mine.entries())
    for (let i = 0; i < length; i++) if (places[i] !== theirs[axis]![i]) return false;
  return true;
}
