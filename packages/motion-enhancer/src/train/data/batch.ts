import { UserError } from '@motion-enhancer/support';
import type { Row } from '../../data/rows.js';
import type { ReadMedium, Vlm } from '../../vlm/index.js';
import type { Recipe } from '../recipe.js';
import { BrokenRows } from './broken-rows.js';
import { batchesOfAlike } from './length-window.js';
import { disposeSample, type PreparedSample, prepareSample, sizeOf } from './prepared-sample.js';
import type { PriorIndex, RowScale } from './prior-index.js';

export { disposeSample, type PreparedSample, stepInput, stepPrior } from './prepared-sample.js';

/** Where a run stands in its data. */
export interface DataPlace {
  /** Place in the order of the first sample of the window in use. */
  place: number;
  /** Samples of that window that were given out; absent: none. */
  taken?: number;
  broken: readonly number[];
}

export interface BatchSource {
  vlm: Vlm;
  rows: readonly Row[];
  /** Row numbers in the order of training. */
  order: readonly number[];
  recipe: Recipe & RowScale;
  index: PriorIndex | null;
  /** Where an earlier part of the run stood. */
  start?: DataPlace;
  /** How media are read; by default on this thread. */
  read?: ReadMedium | undefined;
  onWarning?(message: string): void;
}

export interface NextBatch {
  (size: number): Promise<PreparedSample[]>;
  /** Rows that could not be used. */
  readonly broken: ReadonlySet<number>;
  where(): { place: number; taken: number; broken: number[] };
  close(): Promise<void>;
}

/**
 * Samples in training order; `prefetch` of them are made ready ahead. A row that cannot be used is told once and replaced
 * by the one that follows it. With a `lengthWindow` the samples of so many steps are sorted by their work.
 * @throws UserError when no row, or more than `maxBroken` of them, can be used
 */
export function batches(source: BatchSource): NextBatch {
  const { vlm, order, recipe, start } = source;
  const line = waitingLine(source);
  const windowSize = recipe.lengthWindow * recipe.batchSize;
  let window: PreparedSample[] = [];
  let begin = start?.place ?? 0;
  let taken = 0;
  let skip = start?.taken ?? 0;

  const refillWindow = async (size: number) => {
    begin = line.used();
    taken = 0;
    // The last window is cut by the end of the plan.
    const wanted = Math.max(size, Math.min(windowSize, order.length - begin));
    const items = await line.take(recipe.lengthWindow === 1 ? size : wanted);
    const costs = items.map(({ chat }) => vlm.stepFlops(sizeOf(chat)));
    const places =
      recipe.lengthWindow === 1 ? items.map((_, i) => i) : batchesOfAlike(costs, size, recipe.seed + begin);
    window = places.map((place) => items[place]!);
  };
  const next = async (size: number): Promise<PreparedSample[]> => {
    if (window.length === 0) await refillWindow(size);
    if (skip > 0) {
      for (const item of window.splice(0, skip)) disposeSample(item);
      taken = skip;
      skip = 0;
      if (window.length === 0) await refillWindow(size);
    }
    const items = window.splice(0, size);
    taken += items.length;
    return items;
  };
  return Object.assign(next, {
    broken: line.broken.numbers,
    where: () => ({
      ...(window.length === 0 ? { place: line.used(), taken: 0 } : { place: begin, taken }),
      broken: [...line.broken.numbers],
    }),
    async close() {
      for (const item of window.splice(0)) disposeSample(item);
      await line.close();
    },
  });
}

/** How many samples are made ready ahead: a window must be whole before its first step. */
export function samplesAhead({ prefetch, lengthWindow, batchSize }: Recipe): number {
  return Math.max(prefetch, lengthWindow > 1 ? lengthWindow * batchSize : 0);
}

/** The samples one by one, some of them being made ready. */
function waitingLine({ vlm, rows, order, recipe, index, start, read, onWarning }: BatchSource) {
  const broken = new BrokenRows(rows, recipe.maxBroken, start?.broken ?? [], order, onWarning);
  const queue: { place: number; item: Promise<PreparedSample | UserError | null> }[] = [];
  const ahead = samplesAhead(recipe);
  let used = start?.place ?? 0;
  let begun = used;

  const prepare = async (number: number): Promise<PreparedSample | UserError | null> => {
    if (broken.numbers.has(number)) return null;
    try {
      return await prepareSample(vlm, rows[number]!, recipe, index, read);
    } catch (error) {
      if (error instanceof UserError) return error;
      throw error;
    }
  };
  // A replacement may run past the planned end: the order then starts over. Nothing beyond it is made ready ahead.
  const refill = (least: number) => {
    while (queue.length < least || (queue.length < ahead && begun < order.length)) {
      const item = prepare(order[begun % order.length]!);
      // A failure is told when its turn comes, not as an unhandled rejection.
      item.catch(() => {});
      queue.push({ place: begun++, item });
    }
  };
  return {
    broken,
    /** Place in the order of the first sample that was not given out. */
    used: () => used,
    async take(size: number): Promise<PreparedSample[]> {
      const items: PreparedSample[] = [];
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
        items.forEach(disposeSample);
        throw error;
      }
      refill(0);
      return items;
    },
    async close(): Promise<void> {
      for (const { item } of queue.splice(0)) {
        const made = await item.catch(() => null);
        if (made && !(made instanceof UserError)) disposeSample(made);
      }
    },
  };
}
