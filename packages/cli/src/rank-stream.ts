import { appendFileSync } from 'node:fs';
import { join } from 'node:path';
import { makeFolder } from '@motion-enhancer/support';
import type { ProgressStream } from './progress.js';

/** Where a rank other than the first tells its progress: a file of its own in the run's folder. */
export function rankStream(run: string, rank: number): ProgressStream {
  const dir = join(run, 'ranks');
  const path = join(dir, `rank-${String(rank).padStart(4, '0')}.log`);
  return {
    write(text) {
      makeFolder(dir);
      appendFileSync(path, text);
    },
  };
}
