import { readFileSync } from 'node:fs';
import { UserError } from '@motion-enhancer/support';
import { parse } from 'csv-parse/sync';
import { parseRecord } from './parse-record.js';
import type { BadRow } from './row.js';

export interface Records {
  records: { value: unknown; line: number }[];
  bad: BadRow[];
}

/** @throws UserError ERR_DATA */
export function readDataText(path: string): string {
  try {
    return readFileSync(path, 'utf8').replace(/^\uFEFF/, '');
  } catch (cause) {
    throw new UserError(`The data file ${path} cannot be read: ${(cause as Error).message}. Check --data.`, {
      code: 'ERR_DATA',
      cause,
    });
  }
}

/**
 * The records of a JSON list, of JSON lines or of a CSV file with a head line. `line` is the line of lines, the place in a
 * list, or the row of a table, from 1.
 * @throws UserError ERR_DATA when the file cannot be read or is of another form
 */
export function readRecords(path: string, text = readDataText(path)): Records {
  if (/\.[ct]sv$/i.test(path)) return table(path, text);
  if (text.trimStart().startsWith('[')) return { records: list(path, text), bad: [] };
  const found: Records = { records: [], bad: [] };
  text.split('\n').forEach((line, i) => {
    if (line.trim() === '') return;
    try {
      found.records.push({ value: parseRecord(line), line: i + 1 });
    } catch {
      found.bad.push({ line: i + 1, reason: 'not valid JSON' });
    }
  });
  return found;
}

function list(path: string, text: string): Records['records'] {
  try {
    return (parseRecord(text) as unknown[]).map((value, i) => ({ value, line: i + 1 }));
  } catch (cause) {
    throw new UserError(`The data file ${path} is not valid JSON: ${(cause as Error).message}.`, {
      code: 'ERR_DATA',
      cause,
    });
  }
}

/** Cells that hold JSON lists or objects are read as such (ms-swift's history, messages, videos); empty ones are absent. */
function table(path: string, text: string): Records {
  let rows: Record<string, string>[];
  try {
    rows = parse(text, {
      columns: true,
      bom: true,
      skip_empty_lines: true,
      delimiter: /\.tsv$/i.test(path) ? '\t' : ',',
    });
  } catch (cause) {
    throw new UserError(`The data file ${path} is no valid table: ${(cause as Error).message}.`, {
      code: 'ERR_DATA',
      cause,
    });
  }
  return { records: rows.map((row, i) => ({ value: cells(row), line: i + 1 })), bad: [] };
}

function cells(row: Record<string, string>): Record<string, unknown> {
  const given = Object.entries(row).filter(([, cell]) => cell !== '');
  return Object.fromEntries(
    given.map(([name, cell]) => {
      if (!/^\s*[[{]/.test(cell)) return [name, cell];
      try {
        return [name, JSON.parse(cell) as unknown];
      } catch {
        return [name, cell];
      }
    }),
  );
}
