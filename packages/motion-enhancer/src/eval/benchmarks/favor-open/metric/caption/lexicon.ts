import { UserError } from '@motion-enhancer/support';
import { ACTOR_SYNONYMS, ACTORS, CLOTHES, COLORS, PLURALS, STATES } from './words-people.js';
import { IRREGULAR, VERBS } from './words-verbs.js';

/**
 * Word lists of step 1, under the names of the authors' FAVOR_Dictionary, so that theirs, turned into JSON, can stand in
 * for ours. Lists of theirs that are not named here are not read.
 */
export interface FavorDictionary {
  ANIMATE_NOUNS: readonly string[];
  SUBJECT_SYNONYMS: Readonly<Record<string, readonly string[]>>;
  PLURAL_FORMS: Readonly<Record<string, string>>;
  COMMON_VERBS: readonly string[];
  PHRASAL_VERBS: readonly string[];
  IRREGULAR_VERB_FORMS: Readonly<Record<string, readonly string[]>>;
  DESCRIPTIVE_ADJECTIVES: readonly string[];
  COLOR_TERMS: readonly string[];
  CLOTHING_TERMS: readonly string[];
}

/** Our own lists. */
export const OWN_DICTIONARY: FavorDictionary = {
  ANIMATE_NOUNS: ACTORS,
  SUBJECT_SYNONYMS: ACTOR_SYNONYMS,
  PLURAL_FORMS: PLURALS,
  COMMON_VERBS: VERBS,
  PHRASAL_VERBS: [],
  IRREGULAR_VERB_FORMS: IRREGULAR,
  DESCRIPTIVE_ADJECTIVES: STATES,
  COLOR_TERMS: COLORS,
  CLOTHING_TERMS: CLOTHES,
};

/** @throws UserError naming the list that is absent or of another kind */
export function readDictionary(value: unknown, file: string): FavorDictionary {
  const found = (typeof value === 'object' && value !== null ? value : {}) as Record<string, unknown>;
  for (const [name, own] of Object.entries(OWN_DICTIONARY)) {
    const given = found[name];
    const list = Array.isArray(given) && given.every((word) => typeof word === 'string');
    const map = typeof given === 'object' && given !== null && !Array.isArray(given);
    if (Array.isArray(own) ? !list : !map)
      throw new UserError(
        `Expected ${Array.isArray(own) ? 'a list of words' : 'an object'} for ${name} in ${file} but received ${given === undefined ? 'nothing' : JSON.stringify(given).slice(0, 60)}. Turn FAVOR's action_extraction_dicts.pkl into JSON whole (docs/evaluation-grading.md).`,
        { code: 'ERR_VALUE' },
      );
  }
  return found as unknown as FavorDictionary;
}

/** A dictionary made ready to look words up. */
export class Lexicon {
  readonly dictionary: FavorDictionary;
  /** Nouns of actors, plurals included. */
  readonly actors: ReadonlySet<string>;
  readonly colors: ReadonlySet<string>;
  readonly clothes: ReadonlySet<string>;
  readonly states: ReadonlySet<string>;
  readonly #lemmas = new Map<string, string>();
  readonly #phrases: RegExp | null;

  constructor(dictionary: FavorDictionary = OWN_DICTIONARY) {
    this.dictionary = dictionary;
    const { PLURAL_FORMS, SUBJECT_SYNONYMS, ANIMATE_NOUNS } = dictionary;
    const nouns = [...ANIMATE_NOUNS, ...Object.values(SUBJECT_SYNONYMS).flat()].map((noun) => noun.toLowerCase());
    this.actors = new Set(nouns.flatMap((noun) => [noun, PLURAL_FORMS[noun] ?? pluralOf(noun)]));
    this.colors = new Set(dictionary.COLOR_TERMS);
    this.clothes = new Set(dictionary.CLOTHING_TERMS);
    this.states = new Set(dictionary.DESCRIPTIVE_ADJECTIVES);
    for (const verb of dictionary.COMMON_VERBS)
      if (!verb.includes(' '))
        for (const form of verbForms(verb)) if (!this.#lemmas.has(form)) this.#lemmas.set(form, verb);
    for (const [verb, forms] of Object.entries(dictionary.IRREGULAR_VERB_FORMS))
      for (const form of forms) this.#lemmas.set(form, verb);
    const phrases = [...dictionary.PHRASAL_VERBS, ...dictionary.COMMON_VERBS].filter((verb) => verb.includes(' '));
    this.#phrases = phrases.length === 0 ? null : new RegExp(`\\b(?:${phrases.map(escaped).join('|')})\\b`, 'i');
  }

  /** Of a verb's form; null for other words. */
  lemma(word: string): string | null {
    return this.#lemmas.get(word.toLowerCase()) ?? null;
  }

  hasVerb(text: string): boolean {
    return wordsIn(text).some((word) => this.#lemmas.has(word)) || (this.#phrases?.test(text) ?? false);
  }
}

/** Words in small letters; an apostrophe parts them. */
export const wordsIn = (text: string): string[] => text.toLowerCase().match(/[a-z0-9]+(?:-[a-z0-9]+)*/g) ?? [];

const escaped = (text: string): string => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');

const SIBILANT = /(?:s|x|z|ch|sh)$/;
const pluralOf = (noun: string): string =>
  noun.endsWith('s')
    ? noun
    : SIBILANT.test(noun)
      ? `${noun}es`
      : /[^aeiou]y$/.test(noun)
        ? `${noun.slice(0, -1)}ies`
        : `${noun}s`;

/** The regular forms of a verb: itself, with -s, -ed, -ing. */
function verbForms(verb: string): string[] {
  if (verb.endsWith('ie')) return [verb, `${verb}s`, `${verb}d`, `${verb.slice(0, -2)}ying`];
  if (verb.endsWith('e')) return [verb, `${verb}s`, `${verb}d`, `${verb.endsWith('ee') ? verb : verb.slice(0, -1)}ing`];
  if (/[^aeiou]y$/.test(verb)) return [verb, `${verb.slice(0, -1)}ies`, `${verb.slice(0, -1)}ied`, `${verb}ing`];
  const third = SIBILANT.test(verb) ? `${verb}es` : `${verb}s`;
  const plain = [`${verb}ed`, `${verb}ing`];
  // One vowel before one consonant doubles it, but not always ("open"): both spellings count.
  if (!/(?:^|[^aeiou])[aeiou][^aeiouwxy]$/.test(verb)) return [verb, third, ...plain];
  return [verb, third, ...plain, `${verb}${verb.at(-1)}ed`, `${verb}${verb.at(-1)}ing`];
}
