import { Readable } from 'node:stream';
import { parse } from 'csv-parse';
import { dataError } from './data-error.js';

/**
 * The rows of a table with a head line. Cells that hold JSON lists or objects are read as such (ms-swift's history,
 * messages, videos); empty ones are absent.
 * @throws UserError ERR_DATA
 */
export async function* readTable(
  path: string,
  chunks: AsyncIterable<Buffer>,
  delimiter: ',' | '\t',
): AsyncGenerator<Record<string, unknown>> {
  const source = Readable.from(chunks);
  const rows = source.pipe(parse({ columns: true, skip_empty_lines: true, delimiter }));
  // A pipe does not hand its source's failure on.
  source.on('error', (error) => rows.destroy(error));
  try {
    for await (const row of rows) yield cells(row as Record<string, string>);
  } catch (cause) {
    if ((cause as { code?: unknown }).code === 'ERR_DATA') throw cause;
    throw dataError(path, `is no valid table: ${(cause as Error).message}.`, cause);
  } finally {
    source.destroy();
  }
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
