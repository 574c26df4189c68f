import { deviceOfRank } from '@motion-enhancer/core/internal/parallel/device-of-rank.js';
import { readGroupEnvironment, resolveDevice, useDevice } from '@motion-enhancer/libtorch';
import type { ProgressStream } from './progress.js';

/** One of several processes that share work and need no group: which, on which device, and where it speaks. */
export interface WorkerPlace {
  rank: number;
  size: number;
  device: string;
  /** Of all but the first: nowhere. Absent: where this process speaks. */
  stream?: ProgressStream;
}

/** By the variables of our own starter or of a launcher; a process alone is the first of one. */
export function workerPlace(device: string): WorkerPlace {
  const { rank, size, localRank } = readGroupEnvironment();
  if (size === 1) return { rank, size, device };
  const own = deviceOfRank(device, localRank);
  useDevice(resolveDevice(own));
  return { rank, size, device: own, ...(rank === 0 ? {} : { stream: { write() {} } }) };
}
