/**
 * GPT-2's printable stand-ins for bytes, used by byte-level BPE files: printable Latin-1 bytes stand for themselves,
 * the other 68 are U+0100 onwards in order. [source: openai/gpt-2 src/encoder.py bytes_to_unicode]
 */
export const BYTE_CHARS: readonly string[] = (() => {
  const printable = (byte: number) =>
    (byte >= 0x21 && byte <= 0x7e) || (byte >= 0xa1 && byte <= 0xac) || (byte >= 0xae && byte <= 0xff);
  let next = 0x100;
  return Array.from({ length: 256 }, (_, byte) => String.fromCharCode(printable(byte) ? byte : next++));
})();

const BYTE_OF = new Map(BYTE_CHARS.map((char, byte) => [char, byte]));

/** The bytes that a token of a byte-level vocabulary stands for; undefined if it holds a foreign character. */
export function tokenBytes(token: string): Uint8Array | undefined {
  const bytes = new Uint8Array(token.length);
  for (let i = 0; i < token.length; i++) {
    const byte = BYTE_OF.get(token[i]!);
    if (byte === undefined) return undefined;
    bytes[i] = byte;
  }
  return bytes;
}
