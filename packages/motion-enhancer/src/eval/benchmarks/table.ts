import { nearestName, UserError } from '@motion-enhancer/support';
import type { Benchmark } from './benchmark.js';
import { FAVOR } from './favor/index.js';
import { FAVOR_OPEN } from './favor-open/index.js';
import { MOTIONBENCH } from './motionbench/index.js';
import { SEEDBENCH } from './seedbench/index.js';
import { VIDEOMME } from './videomme/index.js';

/** In the order in which tables list them; plugins come after. */
const TABLE: Benchmark[] = [MOTIONBENCH, FAVOR, FAVOR_OPEN, SEEDBENCH, VIDEOMME];

export const benchmarks = (): readonly Benchmark[] => TABLE;

/** @throws UserError ERR_VALUE with the nearest name */
export function benchmarkOf(name: string): Benchmark {
  const found = TABLE.find((one) => one.name === name);
  if (found) return found;
  const names = TABLE.map((one) => one.name);
  const guess = nearestName(name, names);
  throw new UserError(
    `Expected one of ${names.join(', ')} for bench but received "${name}".${guess ? ` Did you mean ${guess}?` : ''}`,
    { code: 'ERR_VALUE' },
  );
}

/**
 * Adds a benchmark for this process (docs/guides/add-a-benchmark.md).
 * @throws UserError ERR_PLUGIN: a name that is taken or cannot be one, no split, a protocol of another benchmark, none
 *   called `official`, a layout as well as a score or neither
 */
export function registerBenchmark(benchmark: Benchmark): void {
  const fault = faultOf(benchmark);
  if (fault !== null)
    throw new UserError(`The benchmark ${JSON.stringify(benchmark.name)} cannot be registered: ${fault}.`, {
      code: 'ERR_PLUGIN',
    });
  TABLE.push(benchmark);
}

function faultOf({ name, splits, protocols, layout, score }: Benchmark): string | null {
  if (typeof name !== 'string' || !/^[a-z0-9][a-z0-9-]*$/.test(name))
    return 'a name has small letters, digits and hyphens';
  if (TABLE.some((one) => one.name === name)) return 'there is one of that name';
  if (!Array.isArray(splits) || splits.length === 0) return 'it has no split';
  const foreign = protocols.find((protocol) => protocol.benchmark !== name);
  if (foreign) return `its protocol ${foreign.name} names the benchmark ${foreign.benchmark}`;
  const names = protocols.map((protocol) => protocol.name);
  if (!names.includes('official')) return 'none of its protocols is called official';
  if (new Set(names).size < names.length) return 'two of its protocols have one name';
  if ((layout === null) === (score === undefined)) return 'it needs a layout or a score of its own, not both';
  return null;
}
