export { MediaFinder } from './benchmarks/find-media.js';
export {
  type Benchmark,
  benchmarkOf,
  benchmarks,
  type Counts,
  type EvalMedium,
  type EvalQuestion,
  LETTERS,
  type LoadedBenchmark,
  loadBenchmark,
  registerBenchmark,
  type Submission,
  type TermScores,
} from './benchmarks/index.js';
export { findFile, RowCollector, readJsonFile, readJsonLines } from './benchmarks/read-file.js';
export { type AnswerJudge, JUDGE_NAMES, type JudgeName, judgeOf } from './judges/index.js';
export type { QuestionType, ScoreLayout } from './metrics/index.js';
export type { ReportedTable } from './paper/index.js';
export { type Protocol, protocolOf, protocols, recipeOf } from './prompts/index.js';
export { letterProtocol } from './prompts/letter.js';
export { compareRuns, type RunPair } from './report/compare-runs.js';
export { reportedLines } from './report/reported-lines.js';
export { measuredLines, type ScoreLine } from './report/score-lines.js';
export { type RunScore, scoreRun } from './report/score-run.js';
export type { AnswerRecord } from './run/answer-record.js';
export { mergeRuns } from './run/merge-runs.js';
export { readAnswers } from './run/read-answers.js';
export { type EvalOptions, type EvalResult, runEval } from './run/run-eval.js';
