import { type ConventionalColumn, PAPER_DATA } from './paper-data.js';
import { type ReportedRow, reportedNumbers } from './reported-table.js';

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
