import { existsSync } from 'node:fs';
import { nearestName, UserError } from '@motion-enhancer/support';
import { BENCHMARKS, type BenchmarkName } from '../prompts/types.js';
import { loadFavor, loadFavorOpen } from './favor.js';
import { checkCounts } from './known-counts.js';
import { loadMotionBench } from './motionbench.js';
import { type LoadedBenchmark, mediumPath } from './question.js';
import { loadSeedBench } from './seedbench.js';
import { loadVideoMme } from './videomme.js';

export interface LoadBenchmarkOptions {
  /** MotionBench: dev (default), test, all. SEED-Bench: all (default), image, video. */
  split?: string;
  /** Take files whose counts are not the published ones. */
  allowCounts?: boolean;
  /** Take questions whose video or image is not there: they count as wrong. */
  allowMissing?: boolean;
}

const SPLITS: Readonly<Record<BenchmarkName, readonly string[]>> = {
  motionbench: ['dev', 'test', 'all'],
  favor: ['all'],
  'favor-open': ['all'],
  seedbench: ['all', 'image', 'video'],
  videomme: ['all'],
};

/** @throws UserError ERR_VALUE with the nearest name */
export function benchmarkOf(name: string): BenchmarkName {
  const found = BENCHMARKS.find((one) => one === name);
  if (found) return found;
  const guess = nearestName(name, BENCHMARKS);
  throw new UserError(
    `Expected one of ${BENCHMARKS.join(', ')} for bench but received "${name}".${guess ? ` Did you mean ${guess}?` : ''}`,
    { code: 'ERR_VALUE' },
  );
}

/**
 * Reads a benchmark's published files.
 * @param data its folder, or the file of its questions
 * @throws UserError ERR_DATA: no such folder or file, nothing usable in it, other counts than published, missing media;
 *   ERR_VALUE: a split that it does not have
 */
export async function loadBenchmark(
  benchmark: BenchmarkName,
  data: string,
  options: LoadBenchmarkOptions = {},
): Promise<LoadedBenchmark> {
  const splits = SPLITS[benchmark];
  const split = options.split || splits[0]!;
  if (!splits.includes(split))
    throw new UserError(`Expected one of ${splits.join(', ')} for split of ${benchmark} but received "${split}".`, {
      code: 'ERR_VALUE',
    });
  const loaded = await read(benchmark, data, split);
  checkCounts(loaded, options.allowCounts ?? false);
  checkMedia(loaded, options.allowMissing ?? false);
  return loaded;
}

function read(benchmark: BenchmarkName, data: string, split: string): LoadedBenchmark | Promise<LoadedBenchmark> {
  switch (benchmark) {
    case 'motionbench':
      return loadMotionBench(data, split as 'dev' | 'test' | 'all');
    case 'favor':
      return loadFavor(data);
    case 'favor-open':
      return loadFavorOpen(data);
    case 'seedbench':
      return loadSeedBench(data, split as 'all' | 'image' | 'video');
    case 'videomme':
      return loadVideoMme(data);
  }
}

function checkMedia(loaded: LoadedBenchmark, allow: boolean): void {
  const paths = [...new Set(loaded.questions.map(({ medium }) => mediumPath(medium)))];
  const missing = paths.filter((path) => !existsSync(path));
  if (missing.length === 0) return;
  const all = missing.length === paths.length;
  if (allow && !all) {
    loaded.notes.push(`${missing.length} of ${paths.length} media files are missing; their questions count as wrong`);
    return;
  }
  throw new UserError(
    `${all ? 'None' : `${missing.length}`} of the ${paths.length} media files of ${loaded.file} ${all ? 'is' : 'are not'} there, for example ${missing.slice(0, 3).join(', ')}. ${all ? 'Put the videos where the authors have them (docs/evaluation.md), or check --data.' : 'Fetch them, or give --allow-missing: their questions then count as wrong.'}`,
    { code: 'ERR_DATA' },
  );
}
