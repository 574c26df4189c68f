import { noGrad, scope, type Tensor, tensor } from '@motion-enhancer/libtorch';
import { findWord, tokensOfSpan, wordSpans } from '@motion-enhancer/models';
import { UserError } from '@motion-enhancer/support';
import type { PreparedChat, Vlm } from '../types.js';

/** One word's attention over the media that stand before it. */
export interface WordAttention {
  word: string;
  /** Where the word stands in the chat's text: [start, end) of each occurrence. */
  spans: readonly (readonly [number, number])[];
  /** Share of the word's attention that all visual tokens have together; mean over its tokens, layers and heads. */
  visualShare: number;
  media: readonly MediumAttention[];
}

export interface MediumAttention {
  /** Frames (pairs of them, or tiles), rows, columns. */
  grid: readonly [number, number, number];
  /** [frames · rows · columns], shares of the word's whole attention. */
  values: Float32Array;
}

/**
 * Attention of words over a chat's images and videos: the rows of the word's tokens (of every occurrence after the last
 * medium), mean over layers and heads, as the alignment loss reads them.
 * @throws UserError ERR_VALUE for a word that does not stand after the media, with the words that do; ERR_MEDIA for a chat without media
 */
export function attentionOfWords(vlm: Vlm, chat: PreparedChat, words: readonly string[]): WordAttention[] {
  if (chat.media.length === 0)
    throw new UserError('Expected an image or a video to look at for attention but the chat has none.', {
      code: 'ERR_MEDIA',
    });
  const places = words.map((word) => ({ word, ...placesOf(chat, word) }));
  const rows = [...new Set(places.flatMap(({ tokens }) => tokens))].sort((a, b) => a - b);
  return noGrad(() =>
    scope(() => {
      const visual = chat.visual ?? vlm.encode(chat.inputs);
      const { rows: rows_RN } = vlm.forward(chat, { visual, rows, logits: 'last' });
      return places.map(({ word, spans, tokens }) => {
        const index = tensor(
          tokens.map((token) => rows.indexOf(token)),
          { dtype: 'int64', device: vlm.device },
        );
        const row_N = rows_RN!.indexSelect(0, index).mean(0).cpu();
        const media = chat.media.map(({ positions, grid }) => ({ grid, values: at(row_N, positions) }));
        const visualShare = media.reduce((sum, { values }) => sum + values.reduce((a, b) => a + b, 0), 0);
        return { word, spans, visualShare, media };
      });
    }),
  );
}

function at(row_N: Tensor, positions: readonly number[]): Float32Array {
  return scope(() => {
    const index = tensor([...positions], { dtype: 'int64' });
    return Float32Array.from(row_N.indexSelect(0, index).toArray());
  });
}

/** Occurrences of a word after the last medium, and their tokens. */
function placesOf(chat: PreparedChat, word: string): { spans: [number, number][]; tokens: number[] } {
  const last = Math.max(...chat.media.map(({ positions }) => positions.at(-1)!));
  const after = chat.tokenSpans[last]![1];
  const spans = findWord(chat.text, word).filter(([start]) => start >= after);
  const tokensOf = ([start, end]: readonly [number, number]) =>
    tokensOfSpan({ spans: chat.tokenSpans, special: chat.special }, start, end).filter((token) => token > last);
  const tokens = spans.flatMap(tokensOf);
  if (tokens.length > 0) return { spans, tokens };
  const there = wordSpans(chat.text.slice(after))
    .map(([start, end]) => [start + after, end + after] as const)
    .filter((span) => tokensOf(span).length > 0 && !chat.text.slice(0, span[0]).endsWith('<|im_start|>'))
    .map(([start, end]) => chat.text.slice(start, end));
  const shown = [...new Set(there)].slice(0, 40);
  throw new UserError(
    `Expected a word of the question or the answer after the media for attention but received "${word}". They are: ${shown.join(', ')}.`,
    { code: 'ERR_VALUE' },
  );
}
