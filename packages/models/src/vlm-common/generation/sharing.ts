import type { Tensor } from '@motion-enhancer/libtorch';
import type { RowsInput } from './generate-rows.js';
import type { BatchOptions } from './qwen-rows.js';
import { dealBeginnings, planSharing } from './shared-beginnings.js';

interface SharedInput {
  ids: readonly number[];
  visual?: Tensor | null;
  rope?: { positions: readonly (readonly number[])[] };
}

/**
 * Generates with the beginnings that prompts share, as questions about one video do, computed once: prompts with the same
 * visual embeddings (the same tensor) may share.
 * @param stepOf the model's step for some rows @param generate with the cache of the beginnings, if there is one
 */
export function sharing<T extends SharedInput>(
  inputs: readonly T[],
  options: BatchOptions,
  device: string,
  stepOf: (inputs: readonly T[]) => (step: RowsInput) => Tensor,
  generate: (options: BatchOptions) => number[][],
): number[][] {
  const prompts = inputs.map(({ ids }) => ids);
  // What a caller gave holds beginnings already; chunks are for prompts that are too long to be computed at once.
  const may = !options.cache && options.prefillChunk === undefined && inputs.length > 1;
  const plan = may ? planSharing(prompts, (a, b) => sameMedia(inputs[a]!, inputs[b]!)) : null;
  if (!plan) return generate(options);
  const longest = Math.max(...prompts.map(({ length }) => length));
  const cache = dealBeginnings(
    prompts,
    plan,
    (row, length, part) => {
      const ids = [[...prompts[row]!.slice(0, length)]];
      stepOf([inputs[row]!])({ rows: [0], ids, past: 0, padding: [0], mask: null, cache: part });
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
function sameMedia(a: SharedInput, b: SharedInput): boolean {
  if (!a.visual || a.visual !== b.visual) return false;
  const [mine, theirs] = [a.rope?.positions, b.rope?.positions];
  if (!mine || !theirs) return true;
  const length = Math.min(a.ids.length, b.ids.length);
  for (const [axis, places] of mine.entries())
    for (let i = 0; i < length; i++) if (places[i] !== theirs[axis]![i]) return false;
  return true;
}
