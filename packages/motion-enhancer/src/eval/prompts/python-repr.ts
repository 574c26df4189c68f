const ESCAPES: Readonly<Record<string, string>> = { '\\': '\\\\', '\n': '\\n', '\r': '\\r', '\t': '\\t' };
/** What `str.isprintable` denies: control, format, surrogates, private use, unassigned, separators but the blank. */
const NOT_PRINTABLE = /[\p{C}\p{Zl}\p{Zp}\p{Zs}]/u;

/**
 * `repr(text)` of Python 3: single quotes, double ones around a text that has ' and no ". Which characters are assigned
 * is as this Node's Unicode says; a Python of another version differs on the newest ones.
 */
export function pyReprText(text: string): string {
  const quote = text.includes("'") && !text.includes('"') ? '"' : "'";
  let out = quote;
  for (const character of text) {
    if (character === quote) out += `\\${quote}`;
    else out += ESCAPES[character] ?? (isPrintable(character) ? character : escaped(character.codePointAt(0)!));
  }
  return out + quote;
}

/** `repr(texts)` of a Python list of strings: what an f-string shows of it. */
export const pyRepr = (texts: readonly string[]): string => `[${texts.map(pyReprText).join(', ')}]`;

const isPrintable = (character: string): boolean => character === ' ' || !NOT_PRINTABLE.test(character);

function escaped(code: number): string {
  const [mark, width] = code < 0x100 ? ['x', 2] : code < 0x10000 ? ['u', 4] : ['U', 8];
  return `\\${mark}${code.toString(16).padStart(width as number, '0')}`;
}
