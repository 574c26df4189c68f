import { closeSync, openSync } from 'node:fs';
import { join } from 'node:path';
import { writeWhole } from '@motion-enhancer/support';

/** A row that got no prior: one line of `failed.jsonl`; a row that fails again in a later run has another line. */
export interface Failure {
  /** 1-based in the data file */
  line: number;
  id: string;
  video: string;
  reason: string;
}

export const FAILURES = 'failed.jsonl';

/** Appends a line; several processes may do so at once. A disk that refuses does not hide the reason, which is logged too. */
export function appendFailure(dir: string, manifest: string, failure: Failure): void {
  try {
    const fd = openSync(join(dir, FAILURES), 'a', 0o644);
    try {
      writeWhole(fd, `${JSON.stringify({ ...failure, manifest, at: new Date().toISOString() })}\n`);
    } finally {
      closeSync(fd);
    }
  } catch {
    // The run's end tells of the disk.
  }
}
