import { findWord, tokensOfSpan } from '@motion-enhancer/models';
import type { PriorWord } from '../prior/prior.js';

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
 * whole, spans shift with it; else the k-th occurrence of a word there is matched with the k-th in the chat.
 * @returns the words that were found; the others are dropped (and counted by the caller)
 */
export function placeWords(
  priorText: string,
  words: readonly Pick<PriorWord, 'text' | 'start' | 'end'>[],
  chat: Chat,
): PlacedWord[] {
  const spans = chat.spans as [number, number][];
  const offset = priorText.length > 0 ? chat.text.lastIndexOf(priorText) : -1;
  const placed: PlacedWord[] = [];
  words.forEach((word, index) => {
    const span =
      offset >= 0 ? ([word.start + offset, word.end + offset] as const) : sameOccurrence(priorText, word, chat);
    if (!span) return;
    const tokens = tokensOfSpan({ spans }, span[0], span[1]).filter((position) => position >= chat.afterVideo);
    if (tokens.length > 0) placed.push({ index, tokens });
  });
  return placed;
}

function sameOccurrence(
  priorText: string,
  word: Pick<PriorWord, 'text' | 'start'>,
  chat: Chat,
): readonly [number, number] | undefined {
  const nth = findWord(priorText, word.text).findIndex(([start]) => start === word.start);
  const after = chat.spans[chat.afterVideo]?.[0] ?? 0;
  const found = findWord(chat.text, word.text).filter(([start]) => start >= after);
  return found[Math.max(0, nth)];
}
