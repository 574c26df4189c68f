import { findWord, tokensOfSpan } from '@motion-enhancer/models';
import type { PriorWord } from '../prior/store/prior.js';

/** Where a word of the prior stands in the VLM's chat. */
export interface PlacedWord {
  /** Index among the prior's words. */
  index: number;
  /** Token positions in the chat, all after the video. */
  tokens: number[];
}

export interface Chat {
  text: string;
  /** Span of every token in `text`, UTF-16 units. */
  spans: readonly [number, number][];
  /** First position after the video's tokens: earlier words cannot see it. */
  afterVideo: number;
}

/**
 * Finds words of the diffusion model's text in the VLM's chat by character span. Where the chat holds that text as a
 * whole after the video, spans shift with it; else the k-th occurrence of a word there is matched with the k-th in the
 * chat after the video.
 * @returns the words that were found; the others are dropped (and counted by the caller)
 */
export function placeWords(
  priorText: string,
  words: readonly Pick<PriorWord, 'text' | 'start' | 'end'>[],
  chat: Chat,
): PlacedWord[] {
  const spans = chat.spans as [number, number][];
  const after = spans[chat.afterVideo]?.[0] ?? chat.text.length;
  const offset = lastWhole(chat.text, priorText, after);
  const placed: PlacedWord[] = [];
  words.forEach((word, index) => {
    const span =
      offset === undefined
        ? sameOccurrence(priorText, word, chat.text, after)
        : ([word.start + offset, word.end + offset] as const);
    if (!span) return;
    const tokens = tokensOfSpan({ spans }, span[0], span[1]).filter((position) => position >= chat.afterVideo);
    if (tokens.length > 0) placed.push({ index, tokens });
  });
  return placed;
}

const CONTINUES_A_WORD = /[\p{L}\p{N}\p{M}]{2}/u;

/** Where `part` last stands in `text`, at `after` or later, with its first and last word not inside longer ones. */
function lastWhole(text: string, part: string, after: number): number | undefined {
  if (part === '') return undefined;
  const joined = (at: number) => CONTINUES_A_WORD.test(charactersAround(text, at));
  for (let at = text.lastIndexOf(part); at >= after; at = at === 0 ? -1 : text.lastIndexOf(part, at - 1))
    if (!joined(at) && !joined(at + part.length)) return at;
  return undefined;
}

/** The characters before and after an offset, as one string. */
function charactersAround(text: string, at: number): string {
  return (Array.from(text.slice(Math.max(0, at - 2), at)).at(-1) ?? '') + (Array.from(text.slice(at, at + 2))[0] ?? '');
}

function sameOccurrence(
  priorText: string,
  word: Pick<PriorWord, 'text' | 'start'>,
  chatText: string,
  after: number,
): readonly [number, number] | undefined {
  const nth = findWord(priorText, word.text).findIndex(([start]) => start === word.start);
  const found = findWord(chatText, word.text).filter(([start]) => start >= after);
  return found[Math.max(0, nth)];
}
