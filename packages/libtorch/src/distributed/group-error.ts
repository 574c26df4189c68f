import { UserError } from '@motion-enhancer/support';

/** Who was waiting, for what and how long. */
export interface GroupWait {
  rank: number;
  size: number;
  /** The function that waited, such as `allReduce`. */
  operation: string;
  waitedMs: number;
}

/** The error of a group that did not come together: `Rank 1 of 2 waited 3.0 s in allReduce: REASON` (code `ERR_GROUP`). */
export function groupError({ rank, size, operation, waitedMs }: GroupWait, reason: string, cause?: unknown): UserError {
  const waited = `${(waitedMs / 1000).toFixed(1)} s`;
  return new UserError(`Rank ${rank} of ${size} waited ${waited} in ${operation}: ${reason}`, {
    code: 'ERR_GROUP',
    cause,
  });
}
