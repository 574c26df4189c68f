import { type Lexicon, wordsIn } from './lexicon.js';
import { MOTION_VERBS } from './words-verbs.js';

const PARTS = /\s+and\s+|\s*[,;]\s*/;
const PRONOUN = /\b(?:he|she|they|it|him|her|them)\b/i;
const LEADING_PRONOUN = /^(?:he|she|they)\s+/i;

/** Changes and reactions that are motions although no part of the sentence is theirs alone. */
const CHANGES = [
  /\bexpression\s+changes?\s+(?:from\s+[^.,;:]+\s+)?to\s+[^.,;:]+/gi,
  /\bcontinues\s+to\s+[^.,;:]+/gi,
  /\bremains\s+[^.,;:]+/gi,
  /\b(?:reacting|responding)\s+to\s+[^.,;:]+/gi,
  /\bengaged\s+with\s+[^.,;:]+/gi,
];
const CARE = /\b(?:ensuring|adjusting|making\s+sure|ensures\s+(?:that|the))\s+[^.,;:]+/gi;

const withVerb = (parts: readonly string[], lexicon: Lexicon): string[] =>
  parts.map((part) => part.trim()).filter((part) => part !== '' && lexicon.hasVerb(part));

const all = (text: string, patterns: readonly RegExp[]): string[] =>
  patterns.flatMap((pattern) => [...text.matchAll(pattern)].map(({ 0: found }) => found));

/** What the text after an actor's mention, up to the next actor, says that it does. */
export function actionsAfterMention(text: string, rest: string, lexicon: Lexicon): string[] {
  const said = text
    .trim()
    .replace(/^[,.]\s*/, '')
    .replace(/^(?:and|then|also)\s+/, '')
    .replace(/^(?:as|while|when)\s+(?:he|she|they|it)\s+|^(?:who|which|that)\s+(?:then\s+)?/i, '');
  if (said === '') return all(rest, CHANGES);
  const [main, ...clauses] = said.split(/\s+as\s+/);
  const later =
    clauses.length > 0 && LEADING_PRONOUN.test(clauses[0]!) ? clauseActions(clauses.join(' as '), lexicon) : [];
  const found = [...withVerb(main!.split(PARTS), lexicon), ...later];
  if (found.length === 0 && lexicon.hasVerb(said)) found.push(...looseActions(said, lexicon));
  return [...found, ...all(rest, CHANGES)];
}

/** Of a sentence that names no actor but means the last one by a pronoun. */
export function actionsAfterPronoun(text: string, lexicon: Lexicon): string[] {
  const at = PRONOUN.exec(text);
  if (!at) return [];
  const said = text
    .slice(at.index + at[0].length)
    .trim()
    .replace(/^[,.]\s*/, '');
  const clause = /^(.*?)\s+(?:as|while)\s+(.*)$/s.exec(said);
  if (clause) return [...looseActions(clause[1]!, lexicon), ...clauseActions(clause[2]!, lexicon)];
  return [...withVerb(said.split(PARTS), lexicon), ...all(said, CHANGES)];
}

export const hasPronoun = (text: string): boolean => PRONOUN.test(text);

/** Of a sentence that names nobody: "Then picks up the cup and leaves." */
export const actionsWithoutActor = (text: string, lexicon: Lexicon): string[] =>
  withVerb(text.split(/,\s+|\s+and\s+|\s+then\s+|;\s+/), lexicon).map((action) =>
    action.replace(/^(?:also|then|finally|next|afterwards|subsequently)\s+/i, ''),
  );

/** Actions after as, while or when, where the clause goes on about the same actor, and what he takes care of. */
export function sideActions(sentence: string, lexicon: Lexicon): string[] {
  const clauses = ['as', 'while', 'when'].flatMap((word) => {
    const clause = new RegExp(`\\s${word}\\s+(.*)$`, 's').exec(sentence)?.[1];
    if (clause === undefined) return [];
    const adverb = /\b\w+ly\s+\w+ing\b[^.,;:]*/.exec(clause)?.[0];
    return [
      ...(LEADING_PRONOUN.test(clause) ? clauseActions(clause, lexicon) : []),
      ...(adverb === undefined ? [] : [adverb]),
    ];
  });
  return [...clauses, ...all(sentence, [CARE])];
}

/** "he turns around and leaves" without its pronoun. */
function clauseActions(clause: string, lexicon: Lexicon): string[] {
  const said = clause.trim().replace(/^(?:he|she|they|it)\s+/i, '');
  return lexicon.hasVerb(said) ? looseActions(said, lexicon) : [];
}

const looseActions = (text: string, lexicon: Lexicon): string[] =>
  withVerb(text.split(/,\s+|\s+and\s+|\s+then\s+|\.\s+|;\s+/), lexicon);

const MOVING = new Set(MOTION_VERBS);

/** Whether the text tells of a motion by a verb that is one without doubt; after an article -ing makes a noun. */
export const tellsMotion = (text: string, lexicon: Lexicon): boolean =>
  wordsIn(text.replace(/\b(?:the|an?)\s+\w+ing\b/gi, ' ')).some((word) => MOVING.has(lexicon.lemma(word) ?? ''));
