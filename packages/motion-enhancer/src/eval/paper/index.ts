export {
  REPORTED_COLUMNS,
  REPORTED_SOURCE,
  type ReportedAblation,
  type ReportedBenchmark,
  type ReportedNumber,
  type ReportedRow,
  reportedAblations,
  reportedRow,
  reportedRows,
} from './reported.js';
