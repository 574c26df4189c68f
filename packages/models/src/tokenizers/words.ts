import type { Encoding } from './types.js';

/** A word of a text and the tokens (positions in the encoding, not ids) that overlap it. */
export interface Word {
  text: string;
  /** [start, end) in the text, in UTF-16 units. */
  start: number;
  end: number;
  tokens: number[];
}

type Spans = Pick<Encoding, 'spans'> & Partial<Pick<Encoding, 'special'>>;

/** Letters, digits and marks; apostrophes and hyphens inside a word; . , : between digits. */
const WORD =
  /[\p{L}\p{N}](?:[\p{L}\p{N}\p{M}_]|[’'\u2010\u2011-](?=[\p{L}\p{N}])|(?<=\p{N})[.,:](?=\p{N})|[\u200c\u200d](?=[\p{L}]))*/gu;
/** Scripts written without blanks: their runs are cut by the dictionaries of Intl.Segmenter. */
const UNSPACED =
  /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}\p{Script=Lao}\p{Script=Khmer}\p{Script=Myanmar}]/u;
// A fixed locale, so that a word list does not depend on the user's machine.
const SEGMENTER = new Intl.Segmenter('en', { granularity: 'word' });

/** Spans of the words of a text. Punctuation, symbols and emoji belong to no word. */
export function wordSpans(text: string): [number, number][] {
  const spans: [number, number][] = [];
  for (const match of text.matchAll(WORD)) {
    if (!UNSPACED.test(match[0])) {
      spans.push([match.index, match.index + match[0].length]);
      continue;
    }
    for (const { index, segment, isWordLike } of SEGMENTER.segment(match[0])) {
      if (isWordLike) spans.push([match.index + index, match.index + index + segment.length]);
    }
  }
  return spans;
}

/**
 * Groups tokens to words (docs/method.md 3: sub-words are merged by the mean over a word's tokens). A token that
 * overlaps a word belongs to it, and may belong to two; special tokens and padding belong to none. Words without a
 * token (cut off by truncation) are left out.
 */
export function groupWords(text: string, tokens: Spans): Word[] {
  const words: Word[] = [];
  for (const [start, end] of wordSpans(text)) {
    const overlapping = tokensOfSpan(tokens, start, end);
    if (overlapping.length > 0) words.push({ text: text.slice(start, end), start, end, tokens: overlapping });
  }
  return words;
}

/** Positions of the ordinary tokens that overlap [start, end) of the text. */
export function tokensOfSpan(tokens: Spans, start: number, end: number): number[] {
  const { spans, special } = tokens;
  const positions: number[] = [];
  for (let i = 0; i < spans.length; i++) {
    const [from, to] = spans[i]!;
    if (from < end && to > start && special?.[i] !== true) positions.push(i);
  }
  return positions;
}

/** Spans at which `word` stands as a whole word in `text`, whatever the case. */
export function findWord(text: string, word: string): [number, number][] {
  const wanted = fold(word);
  return wordSpans(text).filter(([start, end]) => fold(text.slice(start, end)) === wanted);
}

function fold(word: string): string {
  return word.normalize('NFKC').toLowerCase().replaceAll('’', "'");
}
