import { isMainThread } from 'node:worker_threads';

const written = new Set<string>();

/** A line on stderr, once a process however often there is reason for it; threads that only help say nothing. */
export function reportOnce(line: string): void {
  if (!isMainThread || written.has(line)) return;
  written.add(line);
  process.stderr.write(`${line}\n`);
}
