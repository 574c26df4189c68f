// The table of an experiment, made of its results file alone.
import { accuracyOf, type TypeScores } from '../runs/evaluate-runs.js';
import type { RunResult } from './results.js';
import { type Interval, interval95 } from './statistics.js';

const TYPES = ['MR', 'LM', 'AO', 'RC', 'MO', 'CM'] as const;
const COLUMNS = ['overall', 'average', ...TYPES] as const;

const percentOf = (scores: TypeScores, column: (typeof COLUMNS)[number]): number => {
  if (column === 'overall' || column === 'average') return 100 * accuracyOf(scores)[column];
  const [right, count] = scores[column] ?? [0, Number.NaN];
  return (100 * right) / count;
};

const difference = ({ mean, half }: Interval) =>
  `${mean >= 0 ? '+' : '−'}${Math.abs(mean).toFixed(1)} ± ${Number.isNaN(half) ? '?' : half.toFixed(1)}`;

/** Differences of every arm to plain fine-tuning on as much data, in pairs of one seed: Markdown. */
export function ladderTable(results: readonly RunResult[]): string {
  const byArm = new Map<string, RunResult[]>();
  for (const result of results) {
    const list = byArm.get(result.arm.name) ?? [];
    list.push(result);
    byArm.set(result.arm.name, list);
  }
  const lines = [
    `| arm | samples | pairs | ${COLUMNS.join(' | ')} | λ‖∇L_MSE‖/‖∇L_AR‖ |`,
    `| --- | --- | --- | ${COLUMNS.map(() => '---').join(' | ')} | --- |`,
  ];
  for (const [name, runs] of byArm) {
    const { data, prior } = runs[0]!.arm;
    const ratios = runs.flatMap(({ gradRatio }) => gradRatio ?? []);
    const ratio = prior === 'none' || ratios.length === 0 ? '' : mean(ratios).toPrecision(2);
    if (prior === 'none') {
      const cells = COLUMNS.map((column) => mean(runs.map(({ scores }) => percentOf(scores, column))).toFixed(1));
      lines.push(`| **${name}** (accuracy, %) | ${data} | ${runs.length} | ${cells.join(' | ')} | |`);
      continue;
    }
    const pairs = runs.flatMap((run) => {
      const plain = results.find(
        (other) => other.arm.prior === 'none' && other.arm.data === data && other.seed === run.seed,
      );
      return plain ? [[run, plain] as const] : [];
    });
    const cells = COLUMNS.map((column) =>
      difference(
        interval95(pairs.map(([run, plain]) => percentOf(run.scores, column) - percentOf(plain.scores, column))),
      ),
    );
    lines.push(`| ${name} | ${data} | ${pairs.length} | ${cells.join(' | ')} | ${ratio} |`);
  }
  return `${lines.join('\n')}\n`;
}

const mean = (values: readonly number[]) => values.reduce((a, b) => a + b, 0) / values.length;
