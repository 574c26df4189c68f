import { gatherJson, type ProcessGroup } from '@motion-enhancer/libtorch';
import type { StepLog } from '../record/step-log.js';
import type { DealtBatch } from './group-batches.js';

/** What one rank's clock and memory say of a step. */
interface RankStep {
  /** Without waiting for data. */
  busy: number;
  wait: number;
  seconds: number;
  work: number;
  memory: number;
}

/** The step's line for all ranks together, from each one's own: sums, means and maxima. Called by all ranks. */
export async function groupLog(
  own: StepLog,
  batch: DealtBatch,
  passesSeconds: number,
  group: ProcessGroup,
): Promise<StepLog> {
  const mine: RankStep = {
    busy: passesSeconds,
    wait: own.waitSeconds,
    seconds: own.seconds,
    // MFU × seconds is work over the peak of one device.
    work: (own.mfu ?? 0) * own.seconds,
    memory: own.memoryBytes,
  };
  const all = await gatherJson(mine, group);
  const most = (pick: (step: RankStep) => number) => all.reduce((n, step) => Math.max(n, pick(step)), 0);
  const sum = (pick: (step: RankStep) => number) => all.reduce((n, step) => n + pick(step), 0);
  const count = (pick: (sample: DealtBatch['samples'][number]) => number) =>
    batch.samples.reduce((n, sample) => n + pick(sample), 0);
  const seconds = most((step) => step.seconds);
  const tokens = count((sample) => sample.tokens);
  const busy = all.map((step) => step.busy);
  return {
    ...own,
    tokens,
    tokensPerSecond: tokens / seconds,
    mfu: own.mfu === null ? null : sum((step) => step.work) / seconds / group.size,
    memoryBytes: most((step) => step.memory),
    seconds,
    waitSeconds: most((step) => step.wait),
    samples: batch.samples.map(({ id }) => id),
    aligned: batch.totals.aligned,
    words: count((sample) => sample.words),
    droppedWords: count((sample) => sample.droppedWords),
    ranks: group.size,
    skew: Math.max(...busy) / Math.max(1e-9, Math.min(...busy)),
    slowest: busy.indexOf(Math.max(...busy)),
  };
}
