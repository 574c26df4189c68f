import { pySplit, pyStrip } from '../../../parsers/python-text.js';
import { SETTINGS } from './settings.js';
import type { MotionLanguage } from './types.js';
import { COMPUTER_ACTIONS, KEY_PHRASES, KEY_WORDS, SUBJECT_NOUNS } from './word-groups.js';

/**
 * Similarities of texts and of actions. Both remember their results under one key, as upstream: an earlier comparison of
 * two texts hides the bonus of their verbs, and an earlier one of two actions gives it to the texts.
 * Source: FAVOR-Bench LLM-free_step2_compare.py (SimilarityCalculator).
 */
export class Similarities {
  readonly #language: MotionLanguage;
  readonly #known = new Map<string, number>();

  constructor(language: MotionLanguage) {
    this.#language = language;
  }

  texts(a: string, b: string): number {
    if (a === '' || b === '') return 0;
    const [first, second] = [normal(a), normal(b)];
    const key = keyOf(first, second);
    const known = this.#known.get(key);
    if (known !== undefined) return known;
    let similarity = first === second ? 1 : this.#language.similarity(a, b);
    if (first !== second && shareKeyTerms(first, second))
      similarity = Math.min(1, similarity + SETTINGS.bonus.keyTerms);
    this.#known.set(key, similarity);
    return similarity;
  }

  actions(a: string, b: string): number {
    if (a === '' || b === '') return 0;
    const [first, second] = [normal(a), normal(b)];
    if (first === second) return 1;
    const key = keyOf(first, second);
    const known = this.#known.get(key);
    if (known !== undefined) return known;
    const { bonus } = SETTINGS;
    let similarity = Math.min(1, this.texts(a, b) + this.#verbBonus(a, b));
    if (eitherWay(COMPUTER_ACTIONS, (text, phrase) => text.includes(phrase), a.toLowerCase(), b.toLowerCase()))
      similarity = Math.min(1, similarity + bonus.computer);
    this.#known.set(key, similarity);
    return similarity;
  }

  #verbBonus(a: string, b: string): number {
    const [first, second] = [this.#language.coreVerb(a), this.#language.coreVerb(b)];
    if (first === '' || second === '') return 0;
    if (first === second) return SETTINGS.bonus.sameVerb;
    return this.#language.verbSimilarity(first, second) > SETTINGS.synonymAbove ? SETTINGS.bonus.synonymVerb : 0;
  }

  /** [pred, gt]; where both lists have several actions, their relative places count too. */
  matrix(pred: readonly string[], gt: readonly string[]): Float64Array[] {
    const weight = pred.length > 1 && gt.length > 1 ? SETTINGS.position : 0;
    return pred.map((action, i) =>
      Float64Array.from(gt, (other, j) => {
        const similarity = this.actions(action, other);
        if (weight === 0) return similarity;
        const apart = i / (pred.length - 1) - j / (gt.length - 1);
        return (1 - weight) * similarity + weight * Math.exp(-4 * apart ** 2);
      }),
    );
  }
}

const normal = (text: string): string => pyStrip(text.toLowerCase());
const keyOf = (a: string, b: string): string => JSON.stringify(a < b ? [a, b] : [b, a]);

function shareKeyTerms(a: string, b: string): boolean {
  const phrases = Object.entries(KEY_PHRASES).flatMap(([key, others]) => others.map((other) => [key, other] as const));
  if (eitherWay(phrases, (text, phrase) => text.includes(phrase), a, b)) return true;
  const [first, second] = [new Set(pySplit(a)), new Set(pySplit(b))];
  return eitherWay(KEY_WORDS, (words, word) => words.has(word), first, second);
}

const eitherWay = <T>(
  pairs: readonly (readonly [string, string])[],
  has: (text: T, word: string) => boolean,
  a: T,
  b: T,
): boolean => pairs.some(([first, second]) => (has(a, first) && has(b, second)) || (has(b, first) && has(a, second)));

/** The bonus of two subjects' descriptions. Source: LLM-free_step2_compare.py (_enhance_reference_similarity). */
export function subjectNounBonus(a: string, b: string): number {
  const [first, second] = [new Set(pySplit(a.toLowerCase())), new Set(pySplit(b.toLowerCase()))];
  let largest = 0;
  for (const [bonus, pairs] of SUBJECT_NOUNS)
    for (const pair of pairs) {
      if (!pair.some((word) => first.has(word)) || !pair.some((word) => second.has(word))) continue;
      const shared = pair.some((word) => first.has(word) && second.has(word));
      largest = Math.max(largest, shared ? bonus * 1.5 : bonus);
    }
  return largest;
}
