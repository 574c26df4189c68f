import { UserError } from '@motion-enhancer/support';
import type { LoadedBenchmark } from './question.js';
import { benchmarkOf } from './table.js';

/** How a file differs from what is published; '' where it does not. */
export function countMismatch({ benchmark, split, counts }: LoadedBenchmark): string {
  const known = benchmarkOf(benchmark).published?.[split];
  if (!known) return '';
  const total = Object.values(counts).reduce((sum, count) => sum + count, 0);
  const differences: string[] = [];
  if (known.total !== undefined && total !== known.total) differences.push(`${total} rows, not ${known.total}`);
  const names = known.types ? Object.keys(known.types) : (known.names ?? []);
  for (const name of names) {
    const count = counts[name] ?? 0;
    const wanted = known.types?.[name];
    if (wanted !== undefined && count !== wanted) differences.push(`${count} of ${name}, not ${wanted}`);
    else if (count === 0) differences.push(`none of ${name}`);
  }
  for (const name of Object.keys(counts))
    if (!names.includes(name)) differences.push(`${counts[name]} of ${name}, which is no type of it`);
  return differences.length > 0 ? `${differences.join('; ')} (${known.source})` : '';
}

/** @throws UserError ERR_DATA where a file is not the published one and nobody said that it need not be */
export function checkCounts(loaded: LoadedBenchmark, allow: boolean): void {
  const mismatch = countMismatch(loaded);
  if (mismatch === '') return;
  if (!allow)
    throw new UserError(
      `Expected ${loaded.file} as its authors published it but received ${mismatch}. Fetch it again, or give --allow-counts to go on with what it holds: its scores are then not those of the benchmark.`,
      { code: 'ERR_DATA' },
    );
  loaded.notes.push(`counts differ from the published ones: ${mismatch}`);
}
