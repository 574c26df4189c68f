import { cat, noGrad, scope, type Tensor, tensor } from '@motion-enhancer/libtorch';
import { KVCache } from '../language/index.js';

/** So much of the prompts' tokens must be saved: gathering keys and values costs too. */
const LEAST_SAVED = 0.2;

/** How prompts of a batch share their prefixes. */
export interface PrefixPlan {
  /** Last tokens of every prompt that are computed for each sequence. */
  own: number;
  /** Prefixes: the sequence whose tokens they are, how many, and the sequences that they are for. */
  prefixes: { sequence: number; length: number; sequences: number[] }[];
}

/**
 * Finds prefixes that are computed once. The last `own` tokens of all prompts are computed together, so that padding
 * stays on the left: what a short prompt shares beyond that is computed for it again.
 * @param same of sequences: their media are the same, so that equal ids mean equal embeddings
 * @returns null where little would be saved
 */
export function planPrefixes(
  prompts: readonly (readonly number[])[],
  same: (a: number, b: number) => boolean,
): PrefixPlan | null {
  const groups: number[][] = [];
  for (const sequence of prompts.keys()) {
    const group = groups.find(([first]) => same(first!, sequence));
    if (group) group.push(sequence);
    else groups.push([sequence]);
  }
  if (groups.length === prompts.length) return null;
  const common = groups.map((sequences) => commonLength(sequences.map((b) => prompts[b]!)));
  const own = Math.max(...groups.flatMap((sequences, g) => sequences.map((b) => prompts[b]!.length - common[g]!)));
  // Every prompt keeps a prefix: the cache has the same length for all sequences.
  if (prompts.some(({ length }) => length <= own)) return null;
  const prefixes = groups.map((sequences) => {
    const sequence = sequences.reduce((a, b) => (prompts[b]!.length > prompts[a]!.length ? b : a));
    return { sequence, length: prompts[sequence]!.length - own, sequences };
  });
  const all = prompts.reduce((sum, { length }) => sum + length, 0);
  const computed = own * prompts.length + prefixes.reduce((sum, { length }) => sum + length, 0);
  return computed <= (1 - LEAST_SAVED) * all ? { own, prefixes } : null;
}

/** Tokens that all prompts begin with; the last of each is never among them: its logits are wanted. */
function commonLength(prompts: readonly (readonly number[])[]): number {
  const [first] = prompts;
  const maxLength = Math.min(...prompts.map(({ length }) => length)) - 1;
  let length = 0;
  while (length < maxLength && prompts.every((ids) => ids[length] === first![length])) length++;
  return length;
}

/**
 * Computes the prefixes and gathers their keys and values for the sequences, padding on the left.
 * @param compute runs the first tokens of a sequence's prompt into an empty cache
 * @param room tokens that the cache will hold in the end
 * @returns keys and values [B, Hkv, longest prompt − own, D] of every layer; the caller's
 */
export function gatherPrefixes(
  prompts: readonly (readonly number[])[],
  { own, prefixes }: PrefixPlan,
  compute: (sequence: number, length: number, cache: KVCache) => void,
  { device, room }: { device: string; room: number },
): KVCache {
  const past = Math.max(...prompts.map(({ length }) => length)) - own;
  const parts: KVCache[] = [];
  const cache = new KVCache(room);
  try {
    return noGrad(() =>
      scope(() => {
        const starts = new Map<number, number>();
        let total = 0;
        for (const { sequence, length, sequences } of prefixes) {
          const part = new KVCache(length);
          parts.push(part);
          scope(() => compute(sequence, length, part));
          for (const one of sequences) starts.set(one, total);
          total += length;
        }
        const places = prompts.flatMap((ids, b) => {
          const padding = past + own - ids.length;
          return Array.from({ length: past }, (_, i) => starts.get(b)! + Math.max(0, i - padding));
        });
        const index = tensor(places, { dtype: 'int64', device });
        const gather = (pieces: Tensor[]): Tensor => {
          const all = pieces.length > 1 ? cat(pieces, 2) : pieces[0]!; // [1, H, total, D]
          const [, H, , D] = all.shape as [number, number, number, number];
          return all.indexSelect(2, index).view(H, prompts.length, past, D).transpose(0, 1);
        };
        for (const layer of parts[0]!.layers().keys()) {
          scope(() => {
            const held = parts.map((part) => part.layers()[layer]!);
            cache.append(layer, gather(held.map(({ k }) => k)), gather(held.map(({ v }) => v)));
          });
        }
        cache.advance(past);
        return cache;
      }),
    );
  } catch (error) {
    cache.dispose();
    throw error;
  } finally {
    for (const part of parts) part.dispose();
  }
}
