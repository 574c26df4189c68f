import type { ProcessGroup } from '@motion-enhancer/libtorch';
import { type BatchSource, batches, type PreparedSample } from '../data/batch.js';
import { type BatchTotals, totalsOf } from '../loss/batch-totals.js';
import { type DealtBatch, GroupBatches } from './group-batches.js';

/** A batch as this process has it. */
export interface TakenBatch {
  mine: PreparedSample[];
  totals: BatchTotals;
  /** Null of a process alone. */
  dealt: DealtBatch | null;
}

export interface NextBatches {
  /** The next batch; null where this or another rank was told to stop. */
  take(stop: boolean): Promise<TakenBatch | null>;
  readonly broken: ReadonlySet<number>;
  where(): { place: number; taken: number; broken: number[] };
  close(): Promise<void>;
}

/** Batches for a process alone or for one of several. */
export function nextBatches(source: BatchSource, group: ProcessGroup): NextBatches {
  if (group.size > 1) {
    const dealt = new GroupBatches(source, group);
    const take = async (stop: boolean) => {
      const batch = await dealt.next(stop);
      return batch && { mine: batch.mine, totals: batch.totals, dealt: batch };
    };
    return { take, broken: dealt.broken, where: () => dealt.where(), close: () => dealt.close() };
  }
  const next = batches(source);
  return {
    async take(stop) {
      if (stop) return null;
      const mine = await next(source.recipe.batchSize);
      return { mine, totals: totalsOf(mine), dealt: null };
    },
    broken: next.broken,
    where: () => next.where(),
    close: () => next.close(),
  };
}
