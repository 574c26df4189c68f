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

/** libtorch's words for a failed collective, without the name of its operator and the place in its C++ sources. */
export function failureReason({ message }: Error): string {
  const text = message
    .split('\n')[0]!
    .replace(/^_c10d_functional::\w+ failed: /, '')
    .replace(/ This is typically caused by .*$/, '')
    .replace(/\[\/[^\]]*\.(cc|cpp|h):\d+\] ?/g, '')
    .replace(/\.$/, '');
  return /closed by peer|reset by peer|Broken pipe/i.test(text) ? `a rank is gone (${text}).` : `${text}.`;
}
