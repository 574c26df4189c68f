import { dataBytes, headOf } from './data-bytes.js';
import { dataError } from './data-error.js';
import { parseJson } from './parse-json.js';
import { readParquet } from './read-parquet.js';
import { readTable } from './read-table.js';
import { type JsonPiece, splitLines, splitList } from './split-json.js';

/** A record, or why there is none. `line` is the line of lines, the place in a list, or the row of a table, from 1. */
export type DataRecord = { line: number; value: unknown } | { line: number; reason: string };

/**
 * The records of a JSON list, of JSON lines, of a CSV or TSV file with a head line, each packed with gzip or not, or of a
 * parquet file: one after another, so that a file may be larger than memory.
 * @throws UserError ERR_DATA when the file cannot be read or is of another form
 */
export async function* readRecords(path: string): AsyncGenerator<DataRecord> {
  if (headOf(path, 4).toString('latin1') === 'PAR1' || /\.parquet$/i.test(path))
    return yield* numbered(readParquet(path));
  const table = /\.([ct]sv)(\.gz)?$/i.exec(path)?.[1]?.toLowerCase();
  if (table) return yield* numbered(readTable(path, dataBytes(path), table === 'tsv' ? '\t' : ','));
  const { first, chunks } = await peek(dataBytes(path));
  if (first !== '[') return yield* parsed(splitLines(chunks));
  try {
    yield* parsed(splitList(chunks));
  } catch (cause) {
    if ((cause as { code?: unknown }).code === 'ERR_DATA') throw cause;
    throw dataError(path, `is not valid JSON: ${(cause as Error).message}.`, cause);
  }
}

async function* numbered(values: AsyncIterable<unknown>): AsyncGenerator<DataRecord> {
  let line = 0;
  for await (const value of values) yield { line: ++line, value };
}

async function* parsed(pieces: AsyncIterable<JsonPiece>): AsyncGenerator<DataRecord> {
  for await (const { bytes, line } of pieces) {
    try {
      yield { line, value: parseJson(bytes) };
    } catch (error) {
      yield { line, reason: (error as Error).message };
    }
  }
}

/** The first character that is no space, and all pieces still to be read. */
async function peek(source: AsyncGenerator<Buffer>): Promise<{ first: string; chunks: AsyncIterable<Buffer> }> {
  const read: Buffer[] = [];
  let first = '';
  while (first === '') {
    const { done, value } = await source.next();
    if (done) break;
    read.push(value);
    first = /\S/.exec(value.toString('latin1', 0, Math.min(value.length, 1 << 16)))?.[0] ?? '';
  }
  async function* all(): AsyncGenerator<Buffer> {
    yield* read.splice(0);
    yield* source;
  }
  return { first, chunks: all() };
}
