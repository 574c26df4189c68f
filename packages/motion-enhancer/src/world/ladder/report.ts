// The tables of an experiment, made of its results files alone.
import { accuracyOf, type TypeScores } from '../runs/evaluate-runs.js';
import { armOf, armText } from './arm-text.js';
import { armKey } from './arms.js';
import { lastOfEach, questionsOf, type RunResult, seriesKey, setupKey } from './results.js';
import { type Interval, interval95 } from './statistics.js';

const TYPES = ['MR', 'LM', 'AO', 'RC', 'MO', 'CM'] as const;
const COLUMNS = ['overall', 'average', ...TYPES] as const;
type Column = (typeof COLUMNS)[number];
const HEAD = ['arm', 'samples', 'pairs', 'overall', '− control', ...COLUMNS.slice(1), 'λ‖∇L_MSE‖ / ‖∇L_AR‖'];

/** The results of one setup. */
export interface LadderTable {
  /** What they have in common, in words. */
  setup: string;
  head: string[];
  rows: string[][];
}

/**
 * Plain fine-tuning's accuracies, and every other arm's differences to it on as much data, in pairs of one seed; beside
 * them the difference to the arm's own control, which is the same arm with `other`. Only runs of one setup are compared,
 * and of equal runs the last counts; arms are named by their settings.
 * @param order texts of arms whose rows come first
 */
export function ladderTables(results: readonly RunResult[], order: readonly string[] = []): LadderTable[] {
  const places = new Map(order.map((text, i) => [armKey(armOf(text)), i]));
  return grouped(lastOfEach(results), setupKey).map((runs) => {
    const series = grouped(runs, seriesKey);
    const place = ([{ arm }]: RunResult[]) => places.get(armKey(arm)) ?? order.length;
    const sorted = series.map((one, i) => ({ one, i })).sort((a, b) => place(a.one) - place(b.one) || a.i - b.i);
    return { setup: setupLine(runs), head: [...HEAD], rows: sorted.map(({ one }) => rowOf(one, series)) };
  });
}

/** The same as Markdown. */
export function ladderText(results: readonly RunResult[], order: readonly string[] = []): string {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |\n`;
  return ladderTables(results, order)
    .map(({ setup, head, rows }) => `${setup}\n\n${line(head)}${line(head.map(() => '---'))}${rows.map(line).join('')}`)
    .join('\n');
}

function setupLine(runs: readonly RunResult[]): string {
  const [{ setup, steps, batchSize, lr, start }] = runs as [RunResult];
  const counts = [...new Set(runs.map(questionsOf))].map((count) => count.toLocaleString('en')).join(' or ');
  const about = setup ? ` about ${setup.testClips.toLocaleString('en')} clips` : '';
  const drawn = setup ? ` of ${setup.clips.toLocaleString('en')} clips` : '';
  const weights = setup ? setup.start.slice(0, 12) : start;
  return `${counts} test questions${about}; ${steps} steps of ${batchSize} samples${drawn}, learning rate ${lr}, from ${weights}.`;
}

function rowOf(runs: RunResult[], series: readonly RunResult[][]): string[] {
  const { arm, maps } = runs[0]!;
  const name = armText(arm);
  if (arm.prior === 'none') {
    const cells = COLUMNS.map((column) => {
      const share = mean(runs.map(({ scores }) => percentOf(scores, column)));
      return Number.isNaN(share) ? '' : share.toFixed(1);
    });
    return [`${name} (accuracy, %)`, String(arm.data), String(runs.length), cells[0]!, '', ...cells.slice(1), ''];
  }
  const plain = series.find(([other]) => other!.arm.prior === 'none' && other!.arm.data === arm.data) ?? [];
  const control = seriesKey({ arm: { ...arm, of: 'other' }, maps: maps ?? null });
  const others = arm.of === 'other' ? [] : (series.find(([other]) => seriesKey(other!) === control) ?? []);
  const cells = COLUMNS.map((column) => difference(runs, plain, column));
  const ratios = runs.flatMap(({ gradRatio }) => gradRatio ?? []);
  return [
    ...[name, String(arm.data), String(pairsOf(runs, plain).length), cells[0]!],
    ...[difference(runs, others, 'overall'), ...cells.slice(1)],
    ratios.length > 0 ? mean(ratios).toPrecision(2) : '',
  ];
}

const pairsOf = (runs: readonly RunResult[], others: readonly RunResult[]) =>
  runs.flatMap((run) => {
    const other = others.find(({ seed }) => seed === run.seed);
    return other ? [[run, other] as const] : [];
  });

const difference = (runs: readonly RunResult[], others: readonly RunResult[], column: Column): string =>
  intervalText(
    interval95(pairsOf(runs, others).map(([a, b]) => percentOf(a.scores, column) - percentOf(b.scores, column))),
  );

const percentOf = (scores: TypeScores, column: Column): number => {
  if (column === 'overall' || column === 'average') return 100 * accuracyOf(scores)[column];
  const [right, count] = scores[column] ?? [0, Number.NaN];
  return (100 * right) / count;
};

const intervalText = ({ mean, half }: Interval) =>
  Number.isNaN(mean)
    ? ''
    : `${mean >= 0 ? '+' : '−'}${Math.abs(mean).toFixed(1)} ± ${Number.isNaN(half) ? '?' : half.toFixed(1)}`;

const mean = (values: readonly number[]) => values.reduce((a, b) => a + b, 0) / values.length;

function grouped<T>(values: readonly T[], keyOf: (value: T) => string): T[][] {
  const groups = new Map<string, T[]>();
  for (const value of values) {
    const key = keyOf(value);
    const group = groups.get(key);
    if (group) group.push(value);
    else groups.set(key, [value]);
  }
  return [...groups.values()];
}
