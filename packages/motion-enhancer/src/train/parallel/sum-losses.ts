import { allReduce_, type ProcessGroup, scope, tensor } from '@motion-enhancer/libtorch';
import type { BatchTotals } from '../loss/batch-totals.js';
import type { BatchLosses } from '../loss/run-step.js';

/** The losses of a batch from the shares of all ranks. What is not finite on one rank is so on all. */
export function sumLosses(mine: BatchLosses, totals: BatchTotals, device: string, group: ProcessGroup): BatchLosses {
  if (group.size === 1) return mine;
  const [ar, align, gated, aligned] = scope(() =>
    allReduce_(
      tensor([mine.ar, mine.align ?? 0, mine.gated, mine.align === null ? 0 : 1], { dtype: 'float64', device }),
      group,
    ).toArray(),
  ) as [number, number, number, number];
  return { ar, align: totals.aligned > 0 && aligned > 0 ? align : null, gated };
}
