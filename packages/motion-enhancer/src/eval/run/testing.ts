// What tests of runs share: a benchmark of ours, a small random checkpoint, and settings.
import { testSettings } from '../../vlm/testing.js';
import type { Vlm } from '../../vlm/types.js';
import type { LoadBenchmarkOptions } from '../benchmarks/load.js';
import { loadBenchmark } from '../benchmarks/load.js';
import { type Protocol, protocolOf } from '../prompts/index.js';
import type { EvalOptions } from './run-eval.js';

/** Which protocol shows each benchmark in tests, and how many questions our rows have. */
export const FIXTURE_RUNS: readonly (readonly [benchmark: string, protocolName: string, questions: number])[] = [
  ['motionbench', 'letter', 13],
  ['favor', 'official', 8],
  ['favor-open', 'official', 2],
  ['seedbench', 'official', 13],
  ['videomme', 'official', 9],
];

/** Options of a run on fixture rows: two frames of 56 × 56 pixels, four tokens. */
export async function evalOptions(
  vlm: Vlm,
  benchmark: string,
  data: string,
  out: string,
  given: Partial<EvalOptions> & { protocolName?: string; load?: LoadBenchmarkOptions } = {},
): Promise<EvalOptions> {
  const { protocolName = 'letter', load, ...rest } = given;
  const protocol: Protocol = protocolOf(benchmark, protocolName);
  return {
    vlm,
    loaded: await loadBenchmark(benchmark, data, { allowCounts: true, ...load }),
    protocol,
    judge: '',
    video: testSettings({ frames: 2, frameRule: 'segments' }),
    decoding: { ...('decoding' in protocol ? protocol.decoding : {}), maxNewTokens: 4 },
    changed: ['frames', 'maxPixels', 'maxNewTokens'],
    subtitles: false,
    types: [],
    limit: 0,
    shard: '',
    batch: 4,
    workers: 1,
    pictures: true,
    retryErrors: false,
    out,
    ...rest,
  };
}
