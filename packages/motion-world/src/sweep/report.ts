// The tables of an experiment, made of its results files alone.
import { COLUMNS, type ConditionComparison, compareConditions, type SetupComparison } from './compare.js';
import { questionsOf, type RunResult } from './results.js';
import type { Interval } from './statistics.js';

const HEAD = ['arm', 'samples', 'pairs', 'overall', '− control', ...COLUMNS.slice(1), 'λ‖∇L_MSE‖ / ‖∇L_AR‖'];

/** The results of one setup. */
export interface SweepTable {
  /** What they have in common, in words. */
  setup: string;
  head: string[];
  rows: string[][];
}

/**
 * Plain fine-tuning's accuracies, and every other condition's differences to it and to its own control: `compareConditions` in
 * texts. Conditions are named by their settings.
 * @param order texts of conditions whose rows come first
 */
export function sweepTables(results: readonly RunResult[], order: readonly string[] = []): SweepTable[] {
  return compareConditions(results, order).map(setupTable);
}

export function setupTable({ runs, arms }: SetupComparison): SweepTable {
  return { setup: setupLine(runs), head: [...HEAD], rows: arms.map(rowOf) };
}

/** The tables as Markdown. */
export function tablesText(tables: readonly SweepTable[]): string {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |\n`;
  return tables
    .map(({ setup, head, rows }) => `${setup}\n\n${line(head)}${line(head.map(() => '---'))}${rows.map(line).join('')}`)
    .join('\n');
}

export const sweepText = (results: readonly RunResult[], order: readonly string[] = []): string =>
  tablesText(sweepTables(results, order));

/** `5,306 test questions about 4,000 clips`. */
export function questionsLine(runs: readonly RunResult[]): string {
  const clips = runs[0]?.setup?.testClips;
  const counts = [...new Set(runs.map(questionsOf))].map((count) => count.toLocaleString('en')).join(' or ');
  return `${counts} test questions${clips === undefined ? '' : ` about ${clips.toLocaleString('en')} clips`}`;
}

export const setupLine = (runs: readonly RunResult[]): string => `${questionsLine(runs)}; ${trainingLine(runs)}`;

/** `900 steps of 16 samples of 800 clips, learning rate 0.0002, from ab146fd22e21.` */
export function trainingLine(runs: readonly RunResult[]): string {
  const [{ setup, steps, batchSize, lr, start }] = runs as [RunResult];
  const drawn = setup ? ` of ${setup.clips.toLocaleString('en')} clips` : '';
  const weights = setup ? setup.start.slice(0, 12) : start;
  return `${steps} steps of ${batchSize} samples${drawn}, learning rate ${lr}, from ${weights}.`;
}

function rowOf({ arm, name, runs, accuracy, pairs, toPlain, toControl, gradRatio }: ConditionComparison): string[] {
  if (arm.prior === 'none') {
    const cells = COLUMNS.map((column) => (Number.isNaN(accuracy[column]) ? '' : accuracy[column].toFixed(1)));
    return [`${name} (accuracy, %)`, String(arm.data), String(runs), cells[0]!, '', ...cells.slice(1), ''];
  }
  const cells = COLUMNS.map((column) => intervalText(toPlain[column]));
  return [
    name,
    String(arm.data),
    String(pairs),
    cells[0]!,
    intervalText(toControl),
    ...cells.slice(1),
    Number.isNaN(gradRatio) ? '' : gradRatio.toPrecision(2),
  ];
}

/** `+1.0 ± 0.6`; `?` for an interval of one pair, nothing for one of none. */
export const intervalText = ({ mean, half }: Interval): string =>
  Number.isNaN(mean)
    ? ''
    : `${mean >= 0 ? '+' : '−'}${Math.abs(mean).toFixed(1)} ± ${Number.isNaN(half) ? '?' : half.toFixed(1)}`;
