import { closeSync, createReadStream, openSync, readSync } from 'node:fs';
import { createGunzip } from 'node:zlib';
import { assertRegularFile } from '@motion-enhancer/support';
import { dataError } from './data-error.js';
import { checkedUtf8 } from './utf8.js';

const CHUNK = 1 << 20;

/**
 * The text of a data file as UTF-8, a piece at a time, however long it is: gzip is unpacked, a byte order mark left out. No
 * piece begins or ends within a character.
 * @throws UserError ERR_DATA: no regular file, not to be read, damaged gzip, not UTF-8 (with byte and line)
 */
export async function* dataBytes(path: string): AsyncGenerator<Buffer> {
  const packed = headOf(path, 2).equals(Buffer.from([0x1f, 0x8b]));
  const file = createReadStream(path, { highWaterMark: CHUNK });
  const unpacked = packed ? file.pipe(createGunzip({ chunkSize: CHUNK })) : file;
  // A pipe does not hand its source's failure on.
  if (unpacked !== file) file.on('error', (error) => unpacked.destroy(error));
  try {
    yield* checkedUtf8(path, unpacked as AsyncIterable<Buffer>);
  } catch (cause) {
    if ((cause as { code?: unknown }).code === 'ERR_DATA') throw cause;
    const { message } = cause as Error;
    throw dataError(
      path,
      packed ? `is damaged gzip: ${message}. Fetch it again.` : `cannot be read: ${message}.`,
      cause,
    );
  } finally {
    file.destroy();
  }
}

/** The first bytes of a regular file. @throws UserError ERR_DATA */
export function headOf(path: string, bytes: number): Buffer {
  assertRegularFile(path, (problem, remedy, cause) => dataError(path, `cannot be read: ${problem}. ${remedy}`, cause));
  try {
    const fd = openSync(path, 'r');
    try {
      const head = Buffer.alloc(bytes);
      return head.subarray(0, readSync(fd, head, 0, bytes, 0));
    } finally {
      closeSync(fd);
    }
  } catch (cause) {
    throw dataError(path, `cannot be read: ${(cause as Error).message}. Check --data.`, cause);
  }
}
