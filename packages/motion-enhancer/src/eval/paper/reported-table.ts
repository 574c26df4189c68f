/** A number of the paper, never one of ours. */
export interface ReportedNumber {
  origin: 'reported';
  percent: number;
}

/** By column; null where the paper prints a dash. */
export type ReportedNumbers = Readonly<Record<string, ReportedNumber | null>>;

/** A row of one of the paper's tables. */
export interface ReportedRow {
  /** As the paper writes it. */
  model: string;
  /** Size class of the main tables; null where the table has none. */
  series: string | null;
  /** What the model saw: `1fps` or a number of frames; null where the table does not say. */
  frames: string | null;
  /** Run by the paper's authors rather than quoted by them; null where the table does not say. */
  reproduced: boolean | null;
  numbers: ReportedNumbers;
}

/** One setting of an ablation of the 7B model: overall and average. */
export interface ReportedAblation {
  table: 'MHS and MTTI' | 'denoising steps' | 'kept share' | 'training data';
  setting: string;
  numbers: { readonly overall: ReportedNumber; readonly average: ReportedNumber };
}

/** What the paper reports of a benchmark. */
export interface ReportedTable {
  /** In the paper's order; what compares. */
  columns: readonly string[];
  /** Every row, in its order. */
  rows(): readonly ReportedRow[];
  ablations?(): readonly ReportedAblation[];
}

export function reportedNumbers(
  columns: readonly string[],
  read: (column: string) => number | null | undefined,
): ReportedNumbers {
  return Object.fromEntries(
    columns.map((column) => {
      const percent = read(column) ?? null;
      return [column, percent === null ? null : { origin: 'reported', percent }];
    }),
  );
}
