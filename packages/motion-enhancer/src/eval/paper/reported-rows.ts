import { type ConventionalColumn, PAPER_DATA } from './paper-data.js';
import { type ReportedRow, type ReportedTable, reportedNumbers } from './reported-table.js';

/** Rows of one of the two main tables with the supplement's. */
export function reportedMotionRows(table: 'motionbench' | 'favor', columns: readonly string[]): ReportedRow[] {
  return PAPER_DATA[table].map((row) => ({
    model: row.model,
    series: row.series,
    frames: row.frames,
    reproduced: row.reproduced,
    numbers: reportedNumbers(columns, (column) => row[column as 'overall']),
  }));
}

/** Rows of the table of conventional benchmarks that have a number there. @param columns theirs by our names */
export function reportedConventionalRows(columns: Readonly<Record<string, ConventionalColumn>>): ReportedRow[] {
  return PAPER_DATA.conventional
    .filter((row) => Object.values(columns).some((column) => row[column] !== null))
    .map((row) => ({
      model: row.model,
      series: null,
      frames: null,
      reproduced: null,
      numbers: reportedNumbers(Object.keys(columns), (name) => {
        const column = columns[name];
        return column === undefined ? null : row[column];
      }),
    }));
}

/** The row of a model, however its name is spelt (`Qwen2.5-VL-3B`, `qwen2.5vl 3b`, `Qwen/Qwen2.5-VL-3B-Instruct`). */
export function reportedRow(table: ReportedTable | undefined, model: string): ReportedRow | null {
  const wanted = spelling(model);
  return table?.rows().find((row) => spelling(row.model) === wanted) ?? null;
}

const spelling = (model: string): string =>
  model
    .toLowerCase()
    .replace(/^[^/+]*\//, '')
    .replace(/-(instruct|hf)\b/g, '')
    .replace(/[^a-z0-9.+]/g, '');
