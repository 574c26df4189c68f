/** The bytes of one record, and its line or place from 1. */
export interface JsonPiece {
  bytes: Buffer;
  line: number;
}

const NEWLINE = 10;
const QUOTE = 34;
const BACKSLASH = 92;
const COMMA = 44;

/** Lines that are not empty, with their numbers. */
export async function* splitLines(chunks: AsyncIterable<Buffer>): AsyncGenerator<JsonPiece> {
  let parts: Buffer[] = [];
  let line = 1;
  for await (const chunk of chunks) {
    let from = 0;
    for (let at = chunk.indexOf(NEWLINE); at >= 0; at = chunk.indexOf(NEWLINE, from)) {
      const piece = piecesOf(parts, chunk.subarray(from, at));
      if (!isBlank(piece)) yield { bytes: piece, line };
      parts = [];
      line++;
      from = at + 1;
    }
    if (from < chunk.length) parts.push(Buffer.from(chunk.subarray(from)));
  }
  const last = piecesOf(parts, Buffer.alloc(0));
  if (!isBlank(last)) yield { bytes: last, line };
}

/**
 * The elements of a JSON list with their places, not yet parsed: one that is no valid JSON costs no other, and the list may
 * be longer than any string.
 * @throws Error where the list does not end, or goes on after its end
 */
export async function* splitList(chunks: AsyncIterable<Buffer>): AsyncGenerator<JsonPiece> {
  let parts: Buffer[] = [];
  let place = 1;
  let depth = 0;
  let ended = false;
  let quoted = false;
  let escaped = false;
  for await (const chunk of chunks) {
    let from = 0;
    for (let at = 0; at < chunk.length; at++) {
      const byte = chunk[at]!;
      if (quoted) {
        if (escaped) escaped = false;
        else if (byte === BACKSLASH) escaped = true;
        else if (byte === QUOTE) quoted = false;
        continue;
      }
      if (byte === QUOTE) quoted = true;
      else if (byte === 0x5b || byte === 0x7b) {
        if (depth++ === 0) from = at + 1;
        if (ended) throw new Error('it goes on after the end of its list');
      } else if (byte === 0x5d || byte === 0x7d) depth--;
      const closed: boolean = depth === 0 && byte === 0x5d && !ended;
      if (closed || (depth === 1 && byte === COMMA)) {
        const piece = piecesOf(parts, chunk.subarray(from, at));
        // An empty list has no element; a comma always stands between two.
        if (!(closed && place === 1 && isBlank(piece))) yield { bytes: piece, line: place++ };
        parts = [];
        from = at + 1;
        ended ||= closed;
      } else if (ended && !isSpace(byte)) throw new Error('it goes on after the end of its list');
    }
    if (!ended && from < chunk.length && depth > 0) parts.push(Buffer.from(chunk.subarray(from)));
  }
  if (!ended) throw new Error('its list has no end: the file is cut, or a bracket or quotation mark is missing');
}

const piecesOf = (parts: readonly Buffer[], last: Buffer): Buffer =>
  parts.length === 0 ? last : Buffer.concat([...parts, last]);

const isSpace = (byte: number): boolean => byte === 32 || (byte >= 9 && byte <= 13);

const isBlank = (bytes: Buffer): boolean => bytes.every(isSpace);
