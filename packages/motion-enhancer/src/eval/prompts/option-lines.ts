import type { PromptQuestion } from './types.js';

/** `A. text`, one a line. */
export const optionLines = ({ options, letters }: PromptQuestion): string =>
  options.map((text, i) => `${letters?.[i] ?? String.fromCharCode(65 + i)}. ${text}`).join('\n');

/** The same as the benchmark's file writes them, where it does. */
export const writtenOptions = (question: PromptQuestion): string =>
  question.written?.options?.join('\n') ?? optionLines(question);

/** Stem and options as the benchmark's file writes them, where it does. */
export const writtenQuestion = (question: PromptQuestion): string =>
  question.written?.question ?? `${question.question}\n${writtenOptions(question)}`;

/** Source: LLaVA, lmms-eval, InternVL: all end multiple choice so. */
export const DIRECTLY = "Answer with the option's letter from the given choices directly.";

/** Stem, options, and the request for a letter. */
export const askedDirectly = (question: PromptQuestion): string =>
  `${question.question}\n${optionLines(question)}\n${DIRECTLY}`;
