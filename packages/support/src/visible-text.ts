/** Control characters but for line end and tab: they move the cursor, change colours, write to the clipboard. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what it is about
const CONTROLS = /[\x00-\x08\x0b-\x1f\x7f-\x9f]/g;

/** Text of data as a terminal may show it: control characters are written out, `\x1b`. */
export const visibleText = (text: string): string =>
  text.replace(CONTROLS, (character) => `\\x${character.charCodeAt(0).toString(16).padStart(2, '0')}`);
