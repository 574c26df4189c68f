export type { Benchmark, Counts, Submission, TermScores } from './benchmark.js';
export { countMismatch } from './known-counts.js';
export { type LoadBenchmarkOptions, loadBenchmark } from './load.js';
export {
  type EvalMedium,
  type EvalQuestion,
  LETTERS,
  type LoadedBenchmark,
  mediumKey,
  mediumPath,
} from './question.js';
export { readSrt, type Subtitle, subtitlesAt } from './srt.js';
export { benchmarkOf, benchmarks, registerBenchmark } from './table.js';
