import { isWritable, removeTemporaries } from '@motion-enhancer/support';
import type { DatasetJob } from './dataset-job.js';
import { DatasetRun } from './dataset-run.js';
import type { Counts } from './manifest.js';

/**
 * Priors of many rows: those that are there and verify are left, rows that other processes compute are left to them,
 * bad ones are told and counted. What killed runs left half-written is removed. While one is computed, the frames of the next are read.
 * @returns the counts; less than `rows` in sum when it was aborted
 * @throws UserError `ERR_WRITE` when the disk refuses; the reason of the first bad row under `onBroken: 'fail'`
 */
export async function runDataset(job: DatasetJob): Promise<Counts> {
  removeHalfWritten(job.store.dir);
  const run = new DatasetRun(job);
  try {
    await run.pass(job.entries);
    await run.waitForOthers();
    // A claim that was cut within its first bytes counted as held at the start.
    removeHalfWritten(job.store.dir);
    return run.ends.counts;
  } finally {
    await run.close();
  }
}

function removeHalfWritten(dir: string): void {
  if (isWritable(dir)) removeTemporaries(dir, dir, '');
}
