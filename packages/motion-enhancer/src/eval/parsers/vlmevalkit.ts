import { PY_SPACE, PY_WORD, pyLength, pySplit, pyStrip } from './python-text.js';
import type { ParseContext } from './types.js';

/** Two pairs are merged: commas are missing between them upstream, so "Best answer:" alone is never removed. */
const PREFIXES = [
  'The best answer is',
  'The correct answer is',
  'The answer is',
  'The answer',
  'The best option isThe correct option is',
  'Best answer:Best option:',
  'Answer:',
  'Option:',
];

/** Source: open-compass/VLMEvalKit @ e8e78f0 vlmeval/dataset/utils/videomme.py (extract_characters_regex). */
export const firstCapitalLetter = (reply: string): string => capitalLetter(reply, PREFIXES);

/** Of Video-MME's authors. Source: thanku-all/parse_answer @ afd52cf eval_your_results.py (extract_characters_regex). */
export const videoMmeLetter = (reply: string): string =>
  capitalLetter(reply, [...PREFIXES, 'The correct answer', 'The correct option']);

function capitalLetter(reply: string, prefixes: readonly string[]): string {
  const text = prefixes.reduce((rest, prefix) => rest.replaceAll(prefix, ''), pyStrip(reply));
  // Upstream also returns '' for more than 10 words without any of them, which is the same.
  return /[ABCD]/.exec(text)?.[0] ?? '';
}

const REFUSALS = [
  "Sorry, I can't help with images of people yet.",
  "I can't process this file.",
  "I'm sorry, but without the image provided",
  'Cannot determine the answer',
];
const SAID = new RegExp(`(?:correct${PY_SPACE}+)?answer${PY_SPACE}+is${PY_SPACE}+\\**([ABCD])\\**`, 'iu');

/**
 * The letter that a reply means; `Z` for a refusal, '' where nothing is found.
 * Source: open-compass/VLMEvalKit @ e8e78f0 vlmeval/utils/matching_util.py (can_infer, VERBOSE unset).
 */
export function canInfer(reply: string, options: ParseContext['options']): string {
  return inferOption(reply, options) || inferText(reply, options);
}

function inferOption(reply: string, options: ParseContext['options']): string {
  if (reply.includes('Failed to obtain answer via API')) return '';
  if (REFUSALS.some((refusal) => reply.includes(refusal))) return 'Z';
  const words = pySplit(reply.replace(/[.()[\],:;!*#{}]/g, ' '));
  const named = options.filter(({ letter }) => words.includes(letter));
  if (named.length === 1) {
    const { letter } = named[0]!;
    if (words.indexOf(letter) > words.length - 5) return letter;
  } else if (named.length === 0 && words.includes('Z')) return 'Z';
  const said = SAID.exec(reply)?.[1]?.toUpperCase();
  return said !== undefined && options.some(({ letter }) => letter === said) ? said : '';
}

function inferText(reply: string, options: ParseContext['options']): string {
  const answer = reply.toLowerCase();
  const total = options.reduce((sum, { text }) => sum + pyLength(text), 0);
  if (pyLength(answer) > 2 * total) return '';
  const found = options.filter(({ text }) => answer.includes(text.toLowerCase()));
  return found.length === 1 ? found[0]!.letter : '';
}

/**
 * Video-MME: the first capital letter, else `canInfer`, else `Z`. Upstream looks for options in the question's further
 * lines, where Video-MME has none.
 * Source: open-compass/VLMEvalKit @ e8e78f0 vlmeval/dataset/videomme.py (evaluate), utils/videomme.py (extract_option).
 */
export function videoMmeAnswer(reply: string, { question = '' }: ParseContext): string {
  const options = question
    .split('\n')
    .slice(1)
    .flatMap((line, i) => {
      const letter = String.fromCharCode(65 + i);
      const at = line.indexOf(`${letter}.`);
      return at < 0 ? [] : [{ letter, text: line.slice(at + 2).replace(/^[. \n]+|[. \n]+$/g, '') }];
    });
  return firstCapitalLetter(reply) || canInfer(reply, options) || 'Z';
}

const LEADING = /^([A-D])(?![\p{L}\p{N}])/u;
const MARKED = /([A-D])[.)]/u;
const ALONE = new RegExp(`(?<!${PY_WORD})([ABCD])(?!${PY_WORD})`, 'u');

/** Source: forks of VLMEvalKit that have MotionBench (upstream's HEAD has not), by the rule in words. */
export function forkMotionBenchAnswer(reply: string): string {
  const text = pyStrip(reply);
  for (const rule of [LEADING, MARKED, ALONE]) {
    const letter = rule.exec(text)?.[1];
    if (letter !== undefined) return letter;
  }
  return '';
}
