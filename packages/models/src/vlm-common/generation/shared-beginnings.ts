import { cat, noGrad, scope, type Tensor, tensor } from '@motion-enhancer/libtorch';
import { KVCache } from '../language/index.js';

/** Sharing must save so much of the prompts' tokens: dealing out keys and values costs too. */
const LEAST_SAVED = 0.2;

/** How prompts of a batch share their beginnings. */
export interface SharingPlan {
  /** Last tokens of every prompt that are computed row by row. */
  own: number;
  /** Beginnings: the row whose tokens they are, how many, and the rows that they are for. */
  beginnings: { row: number; length: number; rows: number[] }[];
}

/**
 * Finds beginnings that are computed once. The last `own` tokens of all prompts are computed together, so that padding
 * stays on the left: what a short prompt shares beyond that is computed for it again.
 * @param same of rows: their media are the same, so that equal ids mean equal embeddings
 * @returns null where little would be saved
 */
export function planSharing(
  prompts: readonly (readonly number[])[],
  same: (a: number, b: number) => boolean,
): SharingPlan | null {
  const groups: number[][] = [];
  for (const row of prompts.keys()) {
    const group = groups.find(([first]) => same(first!, row));
    if (group) group.push(row);
    else groups.push([row]);
  }
  if (groups.length === prompts.length) return null;
  const common = groups.map((rows) => commonLength(rows.map((row) => prompts[row]!)));
  const own = Math.max(...groups.flatMap((rows, g) => rows.map((row) => prompts[row]!.length - common[g]!)));
  // Every prompt keeps a beginning: the cache has the same length in all rows.
  if (prompts.some(({ length }) => length <= own)) return null;
  const beginnings = groups.map((rows) => {
    const row = rows.reduce((a, b) => (prompts[b]!.length > prompts[a]!.length ? b : a));
    return { row, length: prompts[row]!.length - own, rows };
  });
  const all = prompts.reduce((sum, { length }) => sum + length, 0);
  const computed = own * prompts.length + beginnings.reduce((sum, { length }) => sum + length, 0);
  return computed <= (1 - LEAST_SAVED) * all ? { own, beginnings } : null;
}

/** Tokens that all prompts begin with; the last of each is never among them: its logits are wanted. */
function commonLength(prompts: readonly (readonly number[])[]): number {
  const [first] = prompts;
  const most = Math.min(...prompts.map(({ length }) => length)) - 1;
  let length = 0;
  while (length < most && prompts.every((ids) => ids[length] === first![length])) length++;
  return length;
}

/**
 * Computes the shared beginnings and deals their keys and values out to the rows, padding on the left.
 * @param compute runs the first tokens of a row's prompt into an empty cache
 * @param room tokens that the cache will hold in the end
 * @returns keys and values [B, Hkv, longest prompt − own, D] of every layer; the caller's
 */
export function dealBeginnings(
  prompts: readonly (readonly number[])[],
  { own, beginnings }: SharingPlan,
  compute: (row: number, length: number, cache: KVCache) => void,
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
        for (const { row, length, rows } of beginnings) {
          const part = new KVCache(length);
          parts.push(part);
          scope(() => compute(row, length, part));
          for (const one of rows) starts.set(one, total);
          total += length;
        }
        const places = prompts.flatMap((ids, row) => {
          const padding = past + own - ids.length;
          return Array.from({ length: past }, (_, i) => starts.get(row)! + Math.max(0, i - padding));
        });
        const index = tensor(places, { dtype: 'int64', device });
        const deal = (pieces: Tensor[]): Tensor => {
          const all = pieces.length > 1 ? cat(pieces, 2) : pieces[0]!; // [1, H, total, D]
          const [, H, , D] = all.shape as [number, number, number, number];
          return all.indexSelect(2, index).view(H, prompts.length, past, D).transpose(0, 1);
        };
        for (const layer of parts[0]!.layers().keys()) {
          scope(() => {
            const held = parts.map((part) => part.layers()[layer]!);
            cache.append(layer, deal(held.map(({ k }) => k)), deal(held.map(({ v }) => v)));
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
