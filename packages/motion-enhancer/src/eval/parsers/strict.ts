import { PY_WORD, pyStrip } from './python-text.js';
import type { ParseContext } from './types.js';

/** What may stand around a letter or a text: quotes, brackets, Markdown's stars. */
const BEFORE = /^[\s*_`"'“”‘’([{<]+/u;
/** Begins at the first of a run, so that each is looked at once. */
const AFTER = /(?<![\s*_`"'“”‘’)\]}>.,;:!])[\s*_`"'“”‘’)\]}>.,;:!]+$/u;
const unwrapped = (text: string): string => text.replace(BEFORE, '').replace(AFTER, '');

const SAID = new RegExp(
  `(?<!${PY_WORD})(?:answer|option|choice)(?:\\s+is|\\s*:)\\s*:?\\s*(?:option\\s+)?[*_"'“‘([]*([A-Za-z])(?!${PY_WORD}|['’])(.*)`,
  'giu',
);
/** A letter followed by another word is an article or a subject ("A man"), unless a reason follows. */
const GOES_ON = /^[*_"'”’)\]]*\s+(?!because|since|as\b|for\b|so\b|[-–—(])[\p{L}\p{N}]/iu;

/**
 * Reads what a reply says without doubt, else nothing: a letter at its start that is marked as one, "answer is X", or
 * the text of exactly one option. A reply that names two options so is not read.
 */
export function strictAnswer(reply: string, { options }: ParseContext): string {
  const text = pyStrip(reply.split('</think>').at(-1)!);
  const letters = options.map(({ letter }) => letter);
  const named = new Set([...leading(text, letters), ...said(text, letters)]);
  if (named.size > 1) return '';
  const [letter] = named;
  if (letter === undefined) {
    const byText = optionText(text, options);
    return byText.length === 1 ? byText[0]! : '';
  }
  // "B. the ball" where the ball is A: two answers in one.
  const after = plain(text.replace(/^[^\p{L}\p{N}]*[\p{L}\p{N}][^\p{L}\p{N}]*/u, ''));
  const meant = options.filter((option) => plain(option.text) === after);
  return meant.length > 0 && meant.every((option) => option.letter !== letter) ? '' : letter;
}

function leading(text: string, letters: readonly string[]): string[] {
  const whole = unwrapped(text).toUpperCase();
  if (letters.includes(whole)) return [whole];
  const found = /^[\s*_`"'“‘([]*([A-Z])([*_`"'”’]*(?:[.)\]:,;]|\s*[-–—]\s|\s*\n).*)/su.exec(text);
  if (!found || !letters.includes(found[1]!)) return [];
  // "(A) (B) (C)" lists options, "A, B" names two.
  const others = [...found[2]!.matchAll(/(?<![\p{L}\p{N}_])([A-Z])(?=[)\],]|\.\s|$)/gu)].map(([, letter]) => letter!);
  return [found[1]!, ...others.filter((letter) => letters.includes(letter))];
}

function said(text: string, letters: readonly string[]): string[] {
  return [...text.matchAll(SAID)].flatMap(([, said, rest]) => {
    // A small letter only where nothing follows: else it is a word ("the answer is a …").
    const letter = unwrapped(rest!) === '' ? said!.toUpperCase() : said!;
    return letters.includes(letter) && !GOES_ON.test(rest!) ? [letter] : [];
  });
}

const plain = (text: string): string => unwrapped(text.toLowerCase().replace(/\s+/gu, ' '));

/** Options whose whole text occurs, as words and not denied; a text within a longer one that occurs does not count. */
function optionText(reply: string, options: ParseContext['options']): string[] {
  const said = plain(reply);
  const found = options
    .map(({ letter, text }) => ({ letter, text: plain(text) }))
    .filter(({ text }) => text !== '' && occurs(said, text));
  return found
    .filter(({ text }) => !found.some((other) => other.text.length > text.length && other.text.includes(text)))
    .map(({ letter }) => letter);
}

function occurs(said: string, text: string): boolean {
  const word = /[\p{L}\p{N}_]/u;
  for (let at = said.indexOf(text); at >= 0; at = said.indexOf(text, at + 1)) {
    const before = said.slice(0, at);
    const after = said[at + text.length] ?? '';
    const apart =
      !(word.test(before.at(-1) ?? '') && word.test(text[0]!)) && !(word.test(after) && word.test(text.at(-1)!));
    if (apart && !/(?:\bnot|n['’]t|\bnever|\brather than|\binstead of)\s+$/u.test(before)) return true;
  }
  return false;
}
