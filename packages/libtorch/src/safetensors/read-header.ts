import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { type Header, parseHeader } from './parse-header.js';
import { safetensorsError } from './safetensors-error.js';

/** The limit of the reference implementation. */
const MAX_HEADER_BYTES = 100_000_000;

export interface FileHeader extends Header {
  fileBytes: number;
  /** Where the data section begins in the file. */
  dataStart: number;
}

/**
 * The checked header of a safetensors file: u64 size (little endian), JSON, data.
 * @throws UserError `ERR_SAFETENSORS`
 */
export function readHeader(path: string): FileHeader {
  let fd: number;
  try {
    fd = openSync(path, 'r');
  } catch (cause) {
    const missing = (cause as NodeJS.ErrnoException).code === 'ENOENT';
    const problem = missing ? 'there is no such file' : `the file cannot be opened (${(cause as Error).message})`;
    throw safetensorsError(path, problem, 'Check the path, or download the file.', cause);
  }
  try {
    const stat = fstatSync(fd);
    if (!stat.isFile()) throw safetensorsError(path, 'it is not a file', 'Check the path.');
    const fileBytes = stat.size;
    if (fileBytes < 8)
      throw safetensorsError(path, `the file holds ${fileBytes} bytes, fewer than the 8 of a header size`);
    const headerBytes = Number(readAt(path, fd, 0, 8).readBigUInt64LE());
    if (headerBytes > MAX_HEADER_BYTES)
      throw safetensorsError(
        path,
        `the header size ${headerBytes} is beyond the format's limit of ${MAX_HEADER_BYTES} bytes`,
      );
    const dataStart = 8 + headerBytes;
    if (dataStart > fileBytes)
      throw safetensorsError(
        path,
        `the header should take ${headerBytes} bytes but the file holds only ${fileBytes - 8} after its size`,
      );
    const header = parseHeader(path, readAt(path, fd, 8, headerBytes), fileBytes - dataStart);
    return { ...header, fileBytes, dataStart };
  } finally {
    closeSync(fd);
  }
}

function readAt(path: string, fd: number, position: number, length: number): Buffer {
  const bytes = Buffer.alloc(length);
  for (let done = 0; done < length; ) {
    const count = readSync(fd, bytes, done, length - done, position + done);
    if (count === 0) throw safetensorsError(path, 'the file became shorter while it was read');
    done += count;
  }
  return bytes;
}
