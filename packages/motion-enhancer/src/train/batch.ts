import { UserError } from '@motion-enhancer/libtorch';
import type { Row } from '../data/rows.js';
import type { Vlm } from '../vlm/index.js';
import { BrokenRows } from './broken-rows.js';
import { type BatchItem, disposeItem, prepareItem } from './item.js';
import type { PriorIndex } from './prior-index.js';
import type { Recipe } from './recipe.js';

export { type BatchItem, disposeItem, stepPrior, stepSample } from './item.js';

export interface BatchSource {
  vlm: Vlm;
  rows: readonly Row[];
  /** Row numbers in the order of training. */
  order: readonly number[];
  recipe: Recipe;
  index: PriorIndex | null;
  /** Where an earlier part of the run stood. */
  start?: { place: number; broken: readonly number[] };
  onWarning?(message: string): void;
}

export interface NextBatch {
  (size: number): Promise<BatchItem[]>;
  /** Rows that could not be used. */
  readonly broken: ReadonlySet<number>;
  /** Place in the order of the first sample that was not given out yet. */
  place(): number;
  close(): Promise<void>;
}

/**
 * Samples in training order; `prefetch` of them are made ready ahead. A row that cannot be used is told once and replaced
 * by the one that follows it.
 * @throws UserError when no row, or more than `maxBroken` of them, can be used
 */
export function batches({ vlm, rows, order, recipe, index, start, onWarning }: BatchSource): NextBatch {
  const broken = new BrokenRows(rows, recipe.maxBroken, start?.broken ?? [], onWarning);
  const queue: { place: number; item: Promise<BatchItem | UserError | null> }[] = [];
  let used = start?.place ?? 0;
  let ahead = used;

  const prepare = async (number: number): Promise<BatchItem | UserError | null> => {
    if (broken.numbers.has(number)) return null;
    try {
      return await prepareItem(vlm, rows[number]!, recipe, index);
    } catch (error) {
      if (error instanceof UserError) return error;
      throw error;
    }
  };
  // A replacement may run past the planned end: the order then starts over. Nothing beyond it is made ready ahead.
  const refill = (least: number) => {
    while (queue.length < least || (queue.length < recipe.prefetch && ahead < order.length)) {
      const item = prepare(order[ahead % order.length]!);
      // A failure is told when its turn comes, not as an unhandled rejection.
      item.catch(() => {});
      queue.push({ place: ahead++, item });
    }
  };

  const next = async (size: number): Promise<BatchItem[]> => {
    const items: BatchItem[] = [];
    try {
      while (items.length < size) {
        refill(1);
        const head = queue.shift()!;
        const item = await head.item;
        used = head.place + 1;
        // Told when its turn comes: what is told does not depend on which file was read first.
        if (item instanceof UserError) broken.add(order[head.place % order.length]!, item);
        else if (item) items.push(item);
      }
    } catch (error) {
      items.forEach(disposeItem);
      throw error;
    }
    refill(0);
    return items;
  };
  const close = async () => {
    for (const { item } of queue.splice(0)) {
      const made = await item.catch(() => null);
      if (made && !(made instanceof UserError)) disposeItem(made);
    }
  };
  return Object.assign(next, { broken: broken.numbers, place: () => used, close });
}
