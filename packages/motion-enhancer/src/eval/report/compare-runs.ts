import { UserError } from '@motion-enhancer/support';
import { benchmarkOf } from '../benchmarks/table.js';
import { type AnswerComparison, compareAnswers } from '../metrics/index.js';
import { gradedAnswers, type RunScore } from './score-run.js';

export interface RunPair {
  a: RunScore;
  b: RunScore;
  result: AnswerComparison;
}

/**
 * Two runs of one benchmark, question by question.
 * @throws UserError ERR_VALUE: other benchmarks, no question in common
 */
export function compareRuns(a: RunScore, b: RunScore, options: { resamples: number; seed: number }): RunPair {
  const { benchmark } = a.run.settings;
  const { layout } = benchmarkOf(benchmark);
  if (b.run.settings.benchmark !== benchmark || !layout)
    throw new UserError(
      `Expected two runs of one benchmark with right answers but received ${benchmark} (${a.dir}) and ${b.run.settings.benchmark} (${b.dir}).`,
      { code: 'ERR_VALUE' },
    );
  const graded = ({ answers, run }: RunScore) => gradedAnswers(answers, run.settings.judge);
  return { a, b, result: compareAnswers(graded(a), graded(b), layout, options) };
}

/** In words, a line each. @param names of the two runs */
export function pairText({ result }: RunPair, [a, b]: readonly [string, string]): string {
  const points = ({ difference, low, high }: { difference: number; low: number; high: number }) =>
    `${signed(difference)} points [${signed(low)}, ${signed(high)}]`;
  const { mcnemar, onlyInA, onlyInB } = result;
  return [
    `${b} against ${a}: ${result.pairs} questions in common${onlyInA.length + onlyInB.length > 0 ? ` (${onlyInA.length} only in the first, ${onlyInB.length} only in the second)` : ''}`,
    `  overall         ${points(result.overall)}`,
    ...(result.byVideo ? [`  by whole videos ${points(result.byVideo)}`] : []),
    `  average         ${points(result.average)}`,
    ...result.types
      .filter(({ pairs }) => pairs > 0)
      .map((type) => `  ${type.key.padEnd(15)} ${points(type)}, ${type.pairs} questions`),
    `  wrong → right ${result.wrongToRight.length}, right → wrong ${result.rightToWrong.length}; both right ${result.bothRight}, both wrong ${result.bothWrong}`,
    `  McNemar: exact p ${pText(mcnemar.exact)}, χ² ${mcnemar.chiSquare.toFixed(2)} (p ${pText(mcnemar.p)}); paired bootstrap of ${result.resamples} resamples, seed ${result.seed}`,
  ].join('\n');
}

const signed = (share: number): string => `${share >= 0 ? '+' : '−'}${Math.abs(100 * share).toFixed(2)}`;
const pText = (p: number): string => (p < 1e-4 ? p.toExponential(1) : p.toFixed(4));
