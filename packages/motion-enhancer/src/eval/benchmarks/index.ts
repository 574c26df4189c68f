export { countMismatch } from './known-counts.js';
export { benchmarkOf, type LoadBenchmarkOptions, loadBenchmark } from './load.js';
export {
  type EvalMedium,
  type EvalQuestion,
  LETTERS,
  type LoadedBenchmark,
  mediumKey,
  mediumPath,
} from './question.js';
export { readSrt, type Subtitle, subtitlesAt } from './srt.js';
