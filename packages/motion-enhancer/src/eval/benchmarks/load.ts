import { existsSync } from 'node:fs';
import { UserError } from '@motion-enhancer/support';
import { checkCounts } from './known-counts.js';
import { type LoadedBenchmark, mediumPath } from './question.js';
import { benchmarkOf } from './table.js';

export interface LoadBenchmarkOptions {
  /** One of the benchmark's; by default its first. */
  split?: string;
  /** Take files whose counts are not the published ones. */
  allowCounts?: boolean;
  /** Take questions whose video or image is not there: they count as wrong. */
  allowMissing?: boolean;
}

/**
 * Reads a benchmark's published files.
 * @param data its folder, or the file of its questions
 * @throws UserError ERR_DATA: no such folder or file, nothing usable in it, other counts than published, missing media;
 *   ERR_VALUE: a benchmark that there is not, a split that it does not have
 */
export async function loadBenchmark(
  name: string,
  data: string,
  options: LoadBenchmarkOptions = {},
): Promise<LoadedBenchmark> {
  const benchmark = benchmarkOf(name);
  const { splits } = benchmark;
  const split = options.split || splits[0];
  if (!splits.includes(split))
    throw new UserError(`Expected one of ${splits.join(', ')} for split of ${name} but received "${split}".`, {
      code: 'ERR_VALUE',
    });
  const loaded = await benchmark.load(data, split);
  checkCounts(loaded, options.allowCounts ?? false);
  checkMedia(loaded, options.allowMissing ?? false);
  return loaded;
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
