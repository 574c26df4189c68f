import type { ReportedRow, ReportedTable } from './reported-table.js';

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
