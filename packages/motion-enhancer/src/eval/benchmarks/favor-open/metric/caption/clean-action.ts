import type { Lexicon } from './lexicon.js';
import { ING_THINGS } from './words-verbs.js';

const DESCRIBES = [
  /^(?:is|are|was|were)\s+(?:visible|present|shown|displayed)/i,
  /^(?:seems?|seemed|appears?|appeared)\s+to\s+be/i,
  /^(?:looks?|looked)\s+(?:like|similar)/i,
  /^(?:suggesting|indicating|showing|depicting)/i,
  /^can\s+be\s+seen/i,
  /^(?:wearing|carrying|holding)\b/i,
  /^(?:stands?|standing|seated|sitting|lying)\s+in\s/i,
  /\b(?:appears?|seems?)\s+to\s+be\b/i,
];

/** Whether a clause describes rather than tells of a motion: "is tall", "wearing a hat", "appears to be …". */
export function describes(text: string, lexicon: Lexicon): boolean {
  if (DESCRIBES.some((pattern) => pattern.test(text))) return true;
  const state = /^(?:is|are|was|were)\s+(\w+)/.exec(text.toLowerCase())?.[1];
  return state !== undefined && lexicon.states.has(state);
}

const OF_SOMEONE = 'the|an?|this|that|these|those|my|your|his|her|their|our|its';
const ING_NOUNS = [
  new RegExp(`\\b(?:${OF_SOMEONE})\\s+\\w+ing\\s+\\w+\\b`),
  /\b(?:his|her|their|its)\s+\w+ing\b/,
  /\b(?:on|in|at|by|with|from|to|through|about|after|before)\s+(?:the\s+)?\w+ing\b/,
  /\b\w+ing\s+(?:room|table|board|surface|line|position|style|technique|machine|device|system|method|process|approach)\b/,
];
/** Ends in -ing without being a verb's form. */
const NO_VERB =
  /\b(?:ceiling|morning|evening|thing|something|nothing|anything|everything|building|king|ring|string|wing|spring|clothing|railing)\b/g;

/** Whether a word in -ing of the clause is a thing ("the cutting board", "on a washing machine"). */
export function namesThing(text: string): boolean {
  const lower = text.toLowerCase();
  if (ING_THINGS.some((thing) => lower.includes(thing))) return true;
  const plain = lower.replace(NO_VERB, 'x');
  return ING_NOUNS.some((pattern) => pattern.test(plain)) && !/\b(?:is|was)\s+\w+ing\b/.test(plain);
}

const PASSIVE = /\b(?:is|was|are|were|has been|have been|had been)\s+(?:being\s+)?\w+e[dn]\b/i;
const JOINED = ['while', 'as', 'when', 'and', 'but', 'or', 'after', 'before', 'since', 'because'];

/** An action without marks and without what a connector adds (passive clauses keep that). */
export function cleanAction(text: string): string {
  let action = text
    .replace(/[,;.]+$/, '')
    .replace(/[,;]/g, ' ')
    .replace(/\s+/g, ' ')
    .trim();
  if (!PASSIVE.test(action)) {
    const word = JOINED.find((joined) => new RegExp(`\\s${joined}\\s`).test(action));
    if (word !== undefined) action = action.split(new RegExp(`\\s${word}\\s`))[0]!.trim();
  }
  return action
    .replace(new RegExp(`\\s+(?:${JOINED.join('|')})$`), '')
    .replace(/^(?:and|but|or|then|also|so)\s+/, '')
    .trim();
}
