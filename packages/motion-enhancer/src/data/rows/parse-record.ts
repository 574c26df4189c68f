/** Numbers of which a JavaScript number does not keep every character: 17 digits, 7.0, 1e3. */
const LOSSY = /"id"\s*:\s*-?(?:\d{16}|\d+[.eE])/;
/** An id that is a number; any other string, so that what looks like an id within one stays. */
const TOKENS = /("id"\s*:\s*)(-?\d[\d.eE+-]*)|"(?:[^"\\]|\\.)*"/g;

/** JSON.parse, but numbers that are ids come as strings of their own characters. @throws SyntaxError */
export function parseRecord(text: string): unknown {
  if (!LOSSY.test(text)) return JSON.parse(text);
  return JSON.parse(text.replace(TOKENS, (token, name?: string, id?: string) => (id ? `${name}"${id}"` : token)));
}
