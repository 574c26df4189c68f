import type { JudgedRow } from './types.js';

/** Options with their letters: as given, else A, B, C, …. */
export const lettersOf = ({ options, letters }: Pick<JudgedRow, 'options' | 'letters'>) =>
  options.map((text, i) => ({ letter: letters?.[i] ?? String.fromCharCode(65 + i), text }));

/** Letter of the right option; null where no option is it. Of equal options the first. */
export const rightLetter = (row: JudgedRow): string | null =>
  row.answer ?? lettersOf(row).find(({ text }) => text === row.correct)?.letter ?? null;
