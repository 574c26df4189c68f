import type { JudgedQuestion } from './types.js';

/** Options with their letters: as given, else A, B, C, …. */
export const lettersOf = ({ options, letters }: Pick<JudgedQuestion, 'options' | 'letters'>) =>
  options.map((text, i) => ({ letter: letters?.[i] ?? String.fromCharCode(65 + i), text }));

/** Letter of the right option; null where no option is it. Of equal options the first. */
export const rightLetter = (question: JudgedQuestion): string | null =>
  question.answer ?? lettersOf(question).find(({ text }) => text === question.correct)?.letter ?? null;
