import { Lexicon, wordsIn } from './caption/lexicon.js';
import { overlap } from './plain-language.js';
import type { MotionLanguage } from './types.js';

/** Words that say little of a motion: our own list. */
const STOP_WORDS = new Set(
  `a an the and or but if of at by for with about into through during before after to from in out on off over under again then
  once here there all any both each few more most other some such no nor not only own same so than too very can will just
  is are was were be been being have has had having do does did doing he him his she her hers it its they them their this that
  these those i me my we our you your who whom which what while as until because up down`.match(/[a-z]+/g),
);

/** Verbs that mean about the same motion, as lemmas: our own groups. */
const SYNONYMS = [
  'take grab grasp grip seize get fetch retrieve',
  'put place set lay position rest',
  'look watch view observe see gaze stare glance peer',
  'walk go step stride stroll march',
  'run sprint race dash jog',
  'begin start',
  'end stop finish',
  'throw toss fling cast pitch',
  'lift raise pick hoist',
  'hold clutch carry keep',
  'push shove press',
  'pull drag tug draw tow',
  'turn rotate spin twist swivel twirl',
  'close shut',
  'talk speak chat say',
  'jump leap hop',
  'hit strike beat punch knock',
  'fall drop tumble collapse',
  'clean wipe wash rinse scrub',
  'cut slice chop',
  'use operate handle interact',
  'smile grin laugh',
  'shake wave swing wag',
].map((group) => new Set(group.split(' ')));

/**
 * Without models: overlap of words but for stop words; the core verb is the first word that is a form of one of the
 * dictionary's verbs, else the first word; synonyms are our own groups. Stands in for SBERT, NLTK and WordNet.
 */
export function englishLanguage(lexicon = new Lexicon()): MotionLanguage {
  const contentOf = (text: string): Set<string> => new Set(wordsIn(text).filter((word) => !STOP_WORDS.has(word)));
  return {
    name: 'words (without stop words, verbs by word list)',
    reference: false,
    similarity: (a, b) => overlap(contentOf(a), contentOf(b)),
    coreVerb: (action) => {
      const words = wordsIn(action);
      return words.map((word) => lexicon.lemma(word)).find((lemma) => lemma !== null) ?? words[0] ?? '';
    },
    verbSimilarity: (a, b) => (SYNONYMS.some((group) => group.has(a) && group.has(b)) ? 0.9 : 0),
  };
}
