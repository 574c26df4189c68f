import { appendFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { makeFolder } from '@motion-enhancer/support';

/** RUN/ranks/rank-0003.jsonl: what one rank of several did and was told, a line each. */
export class RankLog {
  readonly path: string;

  constructor(run: string, rank: number, size: number) {
    const dir = join(run, 'ranks');
    makeFolder(dir);
    this.path = join(dir, `rank-${String(rank).padStart(4, '0')}.jsonl`);
    this.add({ type: 'start', rank, size, host: hostname(), pid: process.pid, time: new Date().toISOString() });
  }

  add(line: Readonly<Record<string, unknown>>): void {
    appendFileSync(this.path, `${JSON.stringify(line)}\n`);
  }
}
