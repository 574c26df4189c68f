import { type Lexicon, wordsIn } from './lexicon.js';

/** A place where a sentence names an actor. */
export interface Mention {
  noun: string;
  /** Adjectives before and phrases after the noun, in small letters. */
  attributes: string;
  sentence: number;
  start: number;
  end: number;
}

export interface Actor {
  noun: string;
  mentions: Mention[];
}

const DETERMINER = /^(?:an?|the|this|that|these|those|another|one|two|three|four|five|several|some|both|each)$/i;
/** What begins a phrase that describes the actor. */
const MARKER = /^(?:with|in|wearing|holding|carrying|having|featuring|dressed|clad)$/i;
const WORD = /[A-Za-z0-9]+(?:-[A-Za-z0-9]+)*/g;
const CONNECTOR = /^(?:and|while|then|as|but|or)$/i;

interface Token {
  text: string;
  start: number;
  end: number;
}

/** Mentions of actors in a sentence, in order. */
export function mentionsIn(text: string, sentence: number, lexicon: Lexicon): Mention[] {
  const tokens: Token[] = [...text.matchAll(WORD)].map(({ 0: word, index }) => ({
    text: word,
    start: index,
    end: index + word.length,
  }));
  const mentions: Mention[] = [];
  for (let i = 0; i < tokens.length; i++) {
    const noun = tokens[i]!.text.toLowerCase();
    if (!lexicon.actors.has(noun) || /-$/.test(text.slice(0, tokens[i]!.start))) continue;
    // "tennis player", "police officer": the last noun of a run names the actor.
    const next = tokens[i + 1];
    if (next && lexicon.actors.has(next.text.toLowerCase()) && joined(text, tokens[i]!, next)) continue;
    const first = firstOfPhrase(tokens, i, text, lexicon);
    const last = lastOfPhrase(tokens, i, text, lexicon);
    const before = tokens.slice(first, i).filter((token) => !DETERMINER.test(token.text));
    mentions.push({
      noun,
      attributes: [...before, ...tokens.slice(i + 1, last + 1)].map((token) => token.text.toLowerCase()).join(' '),
      sentence,
      start: tokens[first]!.start,
      end: tokens[last]!.end,
    });
    i = last;
  }
  return mentions;
}

const joined = (text: string, a: Token, b: Token): boolean => /^\s+$/.test(text.slice(a.end, b.start));

/** Back over adjectives to the article, if one is near. */
function firstOfPhrase(tokens: readonly Token[], at: number, text: string, lexicon: Lexicon): number {
  for (let first = at - 1; first >= Math.max(0, at - 5); first--) {
    const token = tokens[first]!;
    if (!joined(text, token, tokens[first + 1]!)) return at;
    if (DETERMINER.test(token.text)) return first;
    if (CONNECTOR.test(token.text) || MARKER.test(token.text) || lexicon.lemma(token.text) !== null) return at;
  }
  return at;
}

/** On over phrases that describe the actor, up to a verb, a connector or a mark. */
function lastOfPhrase(tokens: readonly Token[], at: number, text: string, lexicon: Lexicon): number {
  let last = at;
  const marker = tokens[at + 1];
  if (!marker || !MARKER.test(marker.text) || !joined(text, tokens[at]!, marker)) return at;
  for (let i = at + 1; i < tokens.length; i++) {
    const word = tokens[i]!.text.toLowerCase();
    if (!joined(text, tokens[i - 1]!, tokens[i]!) || CONNECTOR.test(word)) break;
    const described = MARKER.test(word) || lexicon.clothes.has(word) || lexicon.colors.has(word);
    if (!described && isFiniteForm(word, lexicon)) break;
    last = i;
  }
  return last;
}

/** A form that may be a sentence's verb: with -s or -ed, or an auxiliary; "cup" and "walk" may be nouns. */
const isFiniteForm = (word: string, lexicon: Lexicon): boolean => {
  const lemma = lexicon.lemma(word);
  return lemma !== null && (lemma !== word || /^(?:is|are|was|were|has|have)$/.test(word));
};

/** Mentions of one actor together, in order of the first mention. */
export function actorsOf(mentions: readonly Mention[], lexicon: Lexicon): Actor[] {
  const actors: Actor[] = [];
  for (const mention of mentions) {
    const known = actors.find(({ mentions: [first] }) => sameActor(first!, mention, lexicon));
    if (known) known.mentions.push(mention);
    else actors.push({ noun: mention.noun, mentions: [mention] });
  }
  const vague = /^(?:characters|individuals|subjects)$/;
  const named = actors.filter(({ noun }) => !vague.test(noun));
  return named.length > 0 ? named : actors;
}

const KINDS: readonly (readonly string[])[] = [
  ['young', 'old', 'older', 'elderly', 'middle-aged', 'teenage', 'adult'],
  ['black-haired', 'blonde', 'white-haired', 'gray-haired', 'red-haired', 'bald'],
];

/**
 * Whether two mentions mean one actor: the same noun or a word for it, and nothing said of them that excludes the other. As
 * upstream, an actor once described by coloured clothes is not the one mentioned without.
 */
function sameActor(a: Mention, b: Mention, lexicon: Lexicon): boolean {
  if (!sameNoun(a.noun, b.noun, lexicon)) return false;
  const [first, second] = [new Set(wordsIn(a.attributes)), new Set(wordsIn(b.attributes))];
  const colorsOf = (words: ReadonlySet<string>): string =>
    [...words]
      .filter((w) => lexicon.colors.has(w))
      .sort()
      .join();
  const dressed = [first, second].some(
    (words) => colorsOf(words) !== '' && [...words].some((w) => lexicon.clothes.has(w)),
  );
  if (dressed && colorsOf(first) !== colorsOf(second)) return false;
  return [[...lexicon.colors], [...lexicon.clothes], ...KINDS].every((kind) => {
    const [x, y] = [kind.filter((word) => first.has(word)), kind.filter((word) => second.has(word))];
    return x.length === 0 || y.length === 0 || x.some((word) => y.includes(word));
  });
}

function sameNoun(a: string, b: string, lexicon: Lexicon): boolean {
  // "tennis-player" is a player; upstream lets any ending count, so that its women are men.
  if (a === b || a.endsWith(`-${b}`) || b.endsWith(`-${a}`)) return true;
  return Object.entries(lexicon.dictionary.SUBJECT_SYNONYMS).some(([noun, words]) =>
    [a, b].every((word) => word === noun || words.includes(word)),
  );
}
