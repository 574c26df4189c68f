import { UserError } from '@motion-enhancer/support';
import type { LoadedBenchmark } from './question.js';
import { SEED_TYPES } from './seed-types.js';

interface Known {
  /** Rows in all. */
  total?: number;
  /** Rows of each type. */
  types?: Readonly<Record<string, number>>;
  /** Types that must be there, none but them. */
  names?: readonly string[];
  source: string;
}

/** What the authors publish. Of TEST sources differ (4,034 or 4,036), so that it is not checked. */
const KNOWN: Readonly<Record<string, Known>> = {
  'motionbench dev': {
    total: 4018,
    types: { MR: 1478, LM: 546, AO: 519, RC: 400, MO: 690, CM: 385 },
    source: 'THUDM/MotionBench, DEV',
  },
  'favor all': {
    total: 8184,
    types: { AS: 2637, HAC: 1541, SAD: 1662, MAD: 1205, CM: 1075, NSM: 64 },
    source: 'FAVOR-Bench analyze_qa.py',
  },
  'favor-open all': {
    // One record says it in words of its own.
    total: 1776,
    types: { 'Single subject': 1121, 'Multiple subjects': 654, 'A single subject': 1 },
    source: 'FAVOR-Bench/FAVOR-Bench @ 62c7e0f FAVOR_gt_annotations.json',
  },
  'seedbench all': { total: 19242, names: SEED_TYPES, source: 'SEED-Bench, types 1–12' },
  'seedbench image': { names: SEED_TYPES.slice(0, 9), source: 'SEED-Bench, types 1–9' },
  'seedbench video': { names: SEED_TYPES.slice(9), source: 'SEED-Bench, types 10–12' },
  'videomme all': { total: 2700, names: ['short', 'medium', 'long'], source: 'Video-MME' },
};

/** How a file differs from what is published; '' where it does not. */
export function countMismatch({ benchmark, split, counts }: LoadedBenchmark): string {
  const known = KNOWN[`${benchmark} ${split}`];
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
