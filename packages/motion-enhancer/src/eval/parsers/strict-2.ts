import { pyStrip } from './python-text.js';
import { strictAnswer } from './strict.js';
import type { ParseContext } from './types.js';

/**
 * The strict reading, second version: replies in usual forms are read too. Where a form marks the final answer (`<answer>`,
 * `\boxed`), it alone counts; marks that contradict each other are none. Else `**Answer:** B`, `Option B` and `答案是B` are
 * put into words that `strict` reads, and it reads the rest as before.
 */
export function strictAnswer2(reply: string, context: ParseContext): string {
  const text = pyStrip(reply.split('</think>').at(-1)!);
  const marked = finalMarks(text);
  if (marked.length === 0) return strictAnswer(inPlainWords(text), context);
  const answers = new Set(marked.map((inner) => strictAnswer(inPlainWords(pyStrip(inner)), context)));
  const [answer = ''] = answers;
  return answers.size === 1 ? answer : '';
}

/** A reply that was cut off may lack the end. */
const TAG = /<answer>([^<]*)(?:<|$)/giu;
/** Braces within are those of one command: `\boxed{\text{B}}`. */
const BOX = /\\boxed\s{0,4}\{((?:[^{}]|\{[^{}]{0,200}\}){0,200})\}/gu;
const COMMAND = /\\(?:text|textbf|textit|mathrm|mathbf|mathit|rm|bf)\s{0,4}\{([^{}]*)\}/gu;

function finalMarks(text: string): string[] {
  const found = [...text.matchAll(TAG), ...text.matchAll(BOX)].map(([, inner]) => inner!.replace(COMMAND, '$1'));
  return found.filter((inner) => inner.trim() !== '');
}

/** What may stand between a form's words and its letter, and around the letter. */
const OPEN = '[\\s*_"\'“‘`(\\[（【]{0,8}';
const CLOSE = '[*_"\'”’`)\\]）】]{0,8}';

/** `**Answer:** B`, `**Answer**: B`, `Answer： B`: the marks between are left out. */
const MARKED_ANSWER = new RegExp(
  `\\b(answer|option|choice)[*_]{0,4}(?:\\s{0,4}[:：]|\\s{1,4}is\\b)[*_:：]{0,4}\\s{0,4}(?=${OPEN}[A-Za-z])`,
  'giu',
);
/** `答案是B`, `答案：B`, `正确选项为 B`, `选B`; what is denied (`答案不是B`, `不选B`) or names two (`A和B`) is none. */
const CHINESE = new RegExp(
  `(?:(?:答案|选项)(?:应该|应当|应)?\\s{0,4}(?:是|为|[:：])|(?<![不没非未可])(?:应该选|应选|故选)|(?<![不没非未可应该能])选择?)\\s{0,4}[:：]?(?:选项)?${OPEN}([A-Za-z])${CLOSE}(?![A-Za-z0-9_'’])(?!\\s{0,4}(?:和|或者?|与|及|、|,|，|/)\\s{0,4}[A-Za-z](?![A-Za-z]))`,
  'gu',
);
/** A reply that begins with `Option B`, `选项B`: its end, a mark, or that it is right follows. */
const LEADING_OPTION = new RegExp(
  `^[\\s*_"'“‘\`(\\[]{0,8}(?:option|choice|选项)\\s{0,4}${OPEN}([A-Z])${CLOSE}(?=\\s*$|[.,:;：。，]|\\s{0,4}\\n|\\s{1,4}(?:is|as)\\s{1,4}(?:the\\s{1,4})?(?:correct|right|best)\\b|\\s{0,4}(?:是)?正确)`,
  'iu',
);

function inPlainWords(text: string): string {
  return text
    .replace(LEADING_OPTION, (whole: string, letter: string, at: number) => {
      const goesOn = !/^(?:\s*$|[.,:;]|\s*\n)/.test(text.slice(at + whole.length));
      return `${letter.toUpperCase()}${goesOn ? '. ' : ''}`;
    })
    .replace(MARKED_ANSWER, '$1: ')
    .replace(CHINESE, (_, letter: string) => ` answer: ${letter.toUpperCase()}. `);
}
