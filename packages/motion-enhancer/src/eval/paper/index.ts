export { PAPER_SOURCE } from './paper-data.js';
export { reportedRow } from './reported-rows.js';
export type { ReportedAblation, ReportedNumber, ReportedRow, ReportedTable } from './reported-table.js';
