import { isUtf8 } from 'node:buffer';
import { dataError } from './data-error.js';

const MARK = Buffer.from([0xef, 0xbb, 0xbf]);

/**
 * The same bytes in pieces that begin and end between characters, without a byte order mark.
 * @throws UserError ERR_DATA at the first byte that is not UTF-8
 */
export async function* checkedUtf8(path: string, chunks: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  let rest: Buffer = Buffer.alloc(0);
  let offset = 0;
  let line = 1;
  for await (const chunk of chunks) {
    const bytes = rest.length > 0 ? Buffer.concat([rest, chunk]) : chunk;
    const end = wholeCharacters(bytes);
    const whole = bytes.subarray(0, end);
    if (!isUtf8(whole)) throw notUtf8(path, whole, offset, line);
    // Only a file of a byte or two could begin with a mark that is cut.
    yield offset === 0 && whole.subarray(0, 3).equals(MARK) ? whole.subarray(3) : whole;
    offset += end;
    line += linesOf(whole);
    rest = Buffer.from(bytes.subarray(end));
  }
  if (rest.length > 0) throw notUtf8(path, rest, offset, line);
}

/** The text of a whole file, without a byte order mark. @throws UserError ERR_DATA at the first byte that is not UTF-8 */
export function utf8Text(path: string, bytes: Buffer): string {
  if (!isUtf8(bytes)) throw notUtf8(path, bytes, 0, 1);
  return bytes.toString('utf8').replace(/^\uFEFF/, '');
}

/** Where a character that the bytes may have only the beginning of starts; their end if there is none. */
function wholeCharacters(bytes: Buffer): number {
  for (let back = 1; back <= Math.min(3, bytes.length); back++) {
    const byte = bytes[bytes.length - back]!;
    if (byte < 0x80) break;
    if (byte >= 0xc0) return bytes.length - (lengthOf(byte) > back ? back : 0);
  }
  return bytes.length;
}

const lengthOf = (first: number): number => (first < 0x80 ? 1 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4);

function linesOf(bytes: Buffer): number {
  let lines = 0;
  for (let at = bytes.indexOf(10); at >= 0; at = bytes.indexOf(10, at + 1)) lines++;
  return lines;
}

function notUtf8(path: string, bytes: Buffer, offset: number, line: number): Error {
  const at = firstBad(bytes);
  const byte = `0x${bytes[at]!.toString(16).padStart(2, '0')}`;
  const guess = offset === 0 && (bytes[0] === 0xff || bytes[0] === 0xfe) ? 'UTF-16LE' : 'GB18030 or LATIN1';
  return dataError(
    path,
    `is not UTF-8: byte ${byte} at offset ${offset + at} (line ${line + linesOf(bytes.subarray(0, at))}). Convert it from its encoding: iconv -f ENCODING -t UTF-8 (ENCODING such as ${guess}).`,
  );
}

/** Offset of the first byte that belongs to no character. */
function firstBad(bytes: Buffer): number {
  for (let at = 0; at < bytes.length; ) {
    const length = lengthOf(bytes[at]!);
    if (at + length > bytes.length || !isUtf8(bytes.subarray(at, at + length))) return at;
    at += length;
  }
  return 0;
}
