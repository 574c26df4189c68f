import { PAPER_DATA } from './paper-data.js';
import { type ReportedRow, reportedNumbers } from './reported-table.js';

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
