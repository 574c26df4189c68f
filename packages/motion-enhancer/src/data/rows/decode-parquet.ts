import { type FileHandle, open } from 'node:fs/promises';
import { assertRegularFile } from '@motion-enhancer/support';
import {
  type AsyncBuffer,
  type FileMetaData,
  parquetMetadataAsync,
  parquetReadObjects,
  parquetSchema,
} from 'hyparquet';
import { compressors } from 'hyparquet-compressors';
import { dataError } from './data-error.js';
import { notParquet } from './not-parquet.js';

/** Rows in memory at a time, beside those that are made of them. */
const ROWS = 4096;

/** A row as plain values. */
export type ParquetRow = Record<string, unknown>;

/**
 * The rows of a parquet file, some thousands at a time, as plain values: snappy, gzip, brotli, zstd, lz4 and uncompressed.
 * Of a damaged file the decoder may never come to an end: `readParquet` has it in a thread.
 * @throws UserError ERR_DATA
 */
export async function* decodeParquet(path: string): AsyncGenerator<ParquetRow[]> {
  const refuse = (problem: string, remedy = '', cause?: unknown) =>
    dataError(path, `cannot be read: ${problem}. ${remedy}`.trim(), cause);
  const { size } = assertRegularFile(path, refuse);
  let handle: FileHandle | undefined;
  try {
    handle = await open(path);
    const file = bufferOf(handle, size);
    const metadata = await parquetMetadataAsync(file);
    assertColumns(metadata);
    const total = Number(metadata.num_rows);
    for (let rowStart = 0; rowStart < total; rowStart += ROWS) {
      const rowEnd = Math.min(total, rowStart + ROWS);
      const rows = await parquetReadObjects({ file, metadata, compressors, rowStart, rowEnd });
      yield rows.map((row) => plain(row) as ParquetRow);
    }
  } catch (cause) {
    const { message, code } = cause as Error & { code?: string };
    if (code === 'ERR_DATA') throw cause;
    throw notParquet(path, message, cause);
  } finally {
    await handle?.close();
  }
}

/**
 * Columns that the schema does not have would be read and never looked at: where that fails, the failure would be nobody's
 * and end the process.
 */
function assertColumns(metadata: FileMetaData): void {
  const rows = metadata.row_groups.reduce((sum, group) => sum + Number(group.num_rows), 0);
  if (rows !== Number(metadata.num_rows)) throw new Error('its parts have not as many rows as it says');
  type Tree = ReturnType<typeof parquetSchema>;
  const leaves = ({ children, path }: Tree): string[] =>
    children.length > 0 ? children.flatMap(leaves) : [path.join('.')];
  const wanted = leaves(parquetSchema(metadata)).sort();
  for (const { columns } of metadata.row_groups) {
    const found = columns.map(({ meta_data: column }) => column?.path_in_schema.join('.') ?? '').sort();
    if (new Set(found).size < found.length || found.join('\n') !== wanted.join('\n'))
      throw new Error('its columns are not those of its schema');
  }
}

function bufferOf(handle: FileHandle, byteLength: number): AsyncBuffer {
  return {
    byteLength,
    slice(start, end = byteLength) {
      const part = readPart(handle, byteLength, start < 0 ? Math.max(0, byteLength + start) : start, end);
      // hyparquet reads ahead and may give up before it looks at all of it.
      part.catch(() => {});
      return part;
    },
  };
}

async function readPart(handle: FileHandle, size: number, from: number, end: number): Promise<ArrayBuffer> {
  const length = Math.min(end, size) - from;
  if (!(length >= 0)) throw new Error(`a part of it lies outside of its ${size} bytes`);
  const part = new ArrayBuffer(length);
  const { bytesRead } = await handle.read(new Uint8Array(part), 0, length, from);
  if (bytesRead < length) throw new Error(`it ends at byte ${from + bytesRead}`);
  return part;
}

/** Values as JSON has them: whole numbers of 64 bits are numbers where these are exact, else texts. */
function plain(value: unknown): unknown {
  if (typeof value === 'bigint') return Number.isSafeInteger(Number(value)) ? Number(value) : String(value);
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value !== 'object' || value === null || ArrayBuffer.isView(value) || value instanceof Date) return value;
  return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, plain(item)]));
}
