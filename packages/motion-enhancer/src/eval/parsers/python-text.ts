/** What Python's str methods and `re` mean by white space, letters and word characters; JavaScript's differ at the edges. */

const SPACE = '\\t-\\r\\x1c-\\x20\\x85\\xa0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000';
/** One white-space character, for use inside a pattern. */
export const PY_SPACE = `[${SPACE}]`;
const LEADING = new RegExp(`^${PY_SPACE}+`, 'u');
/** Begins at the first blank of a run: from each of them it would take the square of the run's length. */
const TRAILING = new RegExp(`(?<!${PY_SPACE})${PY_SPACE}+$`, 'u');
const BETWEEN = new RegExp(`${PY_SPACE}+`, 'u');
/** `\w`, for use inside a pattern: letters and digits of every script. */
export const PY_WORD = '[\\p{L}\\p{N}_]';

/** `text.strip()` */
export const pyStrip = (text: string): string => text.replace(LEADING, '').replace(TRAILING, '');

/** `text.strip(character)` */
export function pyStripOf(text: string, character: string): string {
  let [start, end] = [0, text.length];
  while (start < end && text[start] === character) start++;
  while (end > start && text[end - 1] === character) end--;
  return text.slice(start, end);
}

/** `text.split()` */
export const pySplit = (text: string): string[] => text.split(BETWEEN).filter((word) => word !== '');

/** `len(text)`: code points. */
export const pyLength = (text: string): number => [...text].length;

/** `text[0]`, or '' */
export const pyFirst = (text: string): string => [...text][0] ?? '';

/** `character.isalpha()` */
export const isAlpha = (character: string): boolean => /^\p{L}$/u.test(character);
