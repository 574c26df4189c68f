import type { BenchmarkName } from '../prompts/types.js';
import { PAPER_DATA, type Sweep } from './paper-data.js';

/** A number of the paper, never one of ours. */
export interface ReportedNumber {
  origin: 'reported';
  percent: number;
}

/** A row of one of the paper's tables. */
export interface ReportedRow {
  benchmark: BenchmarkName;
  /** As the paper writes it. */
  model: string;
  /** Size class of the main tables; null where the table has none. */
  series: string | null;
  /** What the model saw: `1fps` or a number of frames; null where the table does not say. */
  frames: string | null;
  /** Run by the paper's authors rather than quoted by them; null where the table does not say. */
  reproduced: boolean | null;
  /** By column; null where the paper prints a dash. */
  numbers: Readonly<Record<string, ReportedNumber | null>>;
}

/** What compares: the columns of each benchmark's table, in the paper's order. */
export const REPORTED_COLUMNS = {
  motionbench: ['overall', 'average', 'MR', 'LM', 'CM', 'MO', 'AO', 'RC'],
  favor: ['overall', 'average', 'AS', 'HAC', 'SAD', 'MAD', 'CM', 'NSM'],
  seedbench: ['overall', 'image', 'video'],
  videomme: ['overall', 'short', 'medium', 'long'],
} as const satisfies Partial<Record<BenchmarkName, readonly string[]>>;

export type ReportedBenchmark = keyof typeof REPORTED_COLUMNS;

/** The conventional table's names of our columns. */
const CONVENTIONAL = {
  seedbench: { overall: 'seed_all', image: 'seed_image', video: 'seed_video' },
  videomme: { overall: 'videomme', short: 'short', medium: 'medium', long: 'long' },
} as const;

/** Where the numbers are from, for the foot of a table. */
export const REPORTED_SOURCE = PAPER_DATA.source;

/** Every row that the paper reports for a benchmark, in its order. Empty for `favor-open`, which it does not report. */
export function reportedRows(benchmark: BenchmarkName): readonly ReportedRow[] {
  if (benchmark === 'favor-open') return [];
  if (benchmark === 'motionbench' || benchmark === 'favor')
    return PAPER_DATA[benchmark].map((row) => ({
      benchmark,
      model: row.model,
      series: row.series,
      frames: row.frames,
      reproduced: row.reproduced,
      numbers: numbersOf(REPORTED_COLUMNS[benchmark], (column) => row[column as 'overall']),
    }));
  const columns: Readonly<Record<string, keyof (typeof PAPER_DATA.conventional)[number]>> = CONVENTIONAL[benchmark];
  return PAPER_DATA.conventional
    .filter((row) => Object.values(columns).some((column) => row[column] !== null))
    .map((row) => ({
      benchmark,
      model: row.model,
      series: null,
      frames: null,
      reproduced: null,
      numbers: numbersOf(REPORTED_COLUMNS[benchmark], (column) => row[columns[column]!] as number | null),
    }));
}

/** The row of a model, however its name is spelt (`Qwen2.5-VL-3B`, `qwen2.5vl 3b`, `Qwen/Qwen2.5-VL-3B-Instruct`). */
export function reportedRow(benchmark: BenchmarkName, model: string): ReportedRow | null {
  const wanted = spelling(model);
  return reportedRows(benchmark).find((row) => spelling(row.model) === wanted) ?? null;
}

const spelling = (model: string): string =>
  model
    .toLowerCase()
    .replace(/^[^/+]*\//, '')
    .replace(/-(instruct|hf)\b/g, '')
    .replace(/[^a-z0-9.+]/g, '');

function numbersOf(
  columns: readonly string[],
  read: (column: string) => number | null,
): Record<string, ReportedNumber | null> {
  return Object.fromEntries(
    columns.map((column) => {
      const percent = read(column);
      return [column, percent === null ? null : { origin: 'reported', percent }];
    }),
  );
}

/** One setting of an ablation of the 7B model, percent: overall and average on both motion benchmarks. */
export interface ReportedAblation {
  table: 'MHS and MTTI' | 'denoising steps' | 'kept share' | 'training data';
  setting: string;
  motionbench: { overall: ReportedNumber; average: ReportedNumber };
  favor: { overall: ReportedNumber; average: ReportedNumber };
}

/** The paper's ablations of Qwen2.5-VL-7B. */
export function reportedAblations(): ReportedAblation[] {
  const number = (percent: number): ReportedNumber => ({ origin: 'reported', percent });
  const row = (table: ReportedAblation['table'], setting: string, numbers: readonly number[]): ReportedAblation => ({
    table,
    setting,
    motionbench: { overall: number(numbers[0]!), average: number(numbers[1]!) },
    favor: { overall: number(numbers[2]!), average: number(numbers[3]!) },
  });
  const sweep = (table: ReportedAblation['table'], { columns: _, ...settings }: Sweep): ReportedAblation[] =>
    Object.entries(settings).map(([setting, numbers]) => row(table, setting, numbers as number[]));
  const { ablation_7b, steps_7b, ratio_7b, data_7b } = PAPER_DATA;
  return [
    ...ablation_7b.map(({ mhs, mtti, motionbench, favor }) =>
      row('MHS and MTTI', [mhs && 'MHS', mtti && 'MTTI'].filter(Boolean).join(' + ') || 'neither', [
        ...motionbench,
        ...favor,
      ]),
    ),
    ...sweep('denoising steps', steps_7b),
    ...sweep('kept share', ratio_7b),
    ...sweep('training data', data_7b),
  ];
}
