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
  Number.isNaN(mean)
    ? ''
    : `${mean >= 0 ? '+' : '−'}${Math.abs(mean).toFixed(1)} ± ${Number.isNaN(half) ? '?' : half.toFixed(1)}`;

export interface LadderRows {
  head: string[];
  rows: string[][];
}

/** Plain fine-tuning's accuracies, and every other arm's differences to it on as much data, in pairs of one seed. */
export function ladderRows(results: readonly RunResult[]): LadderRows {
  const byArm = new Map<string, RunResult[]>();
  for (const result of results) {
    const list = byArm.get(result.arm.name) ?? [];
    list.push(result);
    byArm.set(result.arm.name, list);
  }
  const rows = [...byArm].map(([name, runs]) => {
    const { data, prior } = runs[0]!.arm;
    if (prior === 'none') {
      const cells = COLUMNS.map((column) => {
        const share = mean(runs.map(({ scores }) => percentOf(scores, column)));
        return Number.isNaN(share) ? '' : share.toFixed(1);
      });
      return [`${name} (accuracy, %)`, String(data), String(runs.length), ...cells, ''];
    }
    const ratios = runs.flatMap(({ gradRatio }) => gradRatio ?? []);
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
    return [name, String(data), String(pairs.length), ...cells, ratios.length > 0 ? mean(ratios).toPrecision(2) : ''];
  });
  return { head: ['arm', 'samples', 'pairs', ...COLUMNS, 'λ‖∇L_MSE‖ / ‖∇L_AR‖'], rows };
}

/** The same as Markdown. */
export function ladderTable(results: readonly RunResult[]): string {
  const { head, rows } = ladderRows(results);
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |\n`;
  return line(head) + line(head.map(() => '---')) + rows.map(line).join('');
}

const mean = (values: readonly number[]) => values.reduce((a, b) => a + b, 0) / values.length;
