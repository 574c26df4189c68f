import { isMainThread } from 'node:worker_threads';

const told = new Set<string>();

/** A line on stderr, once a process however often there is reason for it; threads that only help say nothing. */
export function tellOnce(line: string): void {
  if (!isMainThread || told.has(line)) return;
  told.add(line);
  process.stderr.write(`${line}\n`);
}
