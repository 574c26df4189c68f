import { scope, stack, type Tensor, tensor } from '@motion-enhancer/libtorch';
import type { Encoding, Word } from '@motion-enhancer/models';
import type { WordMaps } from '../capture/head-maps.js';
import { zScores } from './heads.js';

type TokensOf = Pick<Word, 'tokens'>;

/** Mean over heads of the text → video maps: A_t2v [T, S]. `heads` null means all of them (the no-MHS ablation). */
export function textToVideo(maps: Pick<WordMaps, 'textToVideo_HTS'>, heads: readonly number[] | null): Tensor {
  const all = maps.textToVideo_HTS;
  if (heads === null) return all.mean(0);
  const index = tensor([...heads], { dtype: 'int64', device: all.device });
  return all.indexSelect(0, index).mean(0);
}

/** Rows of words: the mean of the rows of a word's tokens. A_t2v [T, S] (or [heads, T, S]) → [words, S] ([heads, words, S]) */
export function wordRows(rows_TS: Tensor, words: readonly TokensOf[]): Tensor {
  const tokens = rows_TS.dim - 2;
  return scope(() =>
    stack(
      words.map((word) =>
        rows_TS.indexSelect(tokens, tensor([...word.tokens], { dtype: 'int64', device: rows_TS.device })).mean(tokens),
      ),
      tokens,
    ),
  );
}

/**
 * Words with the places of their tokens among the rows that were captured.
 * @throws Error when a word's token was not captured
 */
export function amongRows<W extends TokensOf>(words: readonly W[], textRows: readonly number[] | undefined): W[] {
  if (!textRows) return [...words];
  const place = new Map(textRows.map((token, row) => [token, row]));
  return words.map((word) => ({
    ...word,
    tokens: word.tokens.map((token) => {
      const row = place.get(token);
      if (row === undefined) throw new Error(`The row of token ${token} was not captured.`);
      return row;
    }),
  }));
}

/** Every token of the words as a word of its own (option `subWords`). */
export function tokensAsWords(text: string, encoding: Encoding, words: readonly Word[]): Word[] {
  return words.flatMap((word) =>
    word.tokens.flatMap((token) => {
      const [start, end] = encoding.spans[token]!;
      return end > start ? [{ ...word, text: text.slice(start, end), start, end, tokens: [token] }] : [];
    }),
  );
}

/**
 * Motion saliency of rows, Eq 14: with a(f) the mean over locations, MS = mean_f a(f) + mean_f |a(f+1) − a(f)|
 * (the second term is 0 for one frame).
 * @param rows_WS [words, F · P]
 * @returns MS of each word, and its z-score over the words
 */
export function motionSaliency(rows_WS: Tensor, frames: number): { ms: number[]; z: number[] } {
  const [words, S] = rows_WS.shape as [number, number];
  const byFrame = rows_WS
    .reshape(words, frames, S / frames)
    .to('float64')
    .mean(-1); // [words, F]
  const level = byFrame.mean(-1);
  const change =
    frames > 1
      ? byFrame
          .slice(1, 1)
          .sub(byFrame.slice(1, 0, -1))
          .abs()
          .mean(-1)
      : level.mul(0);
  const ms = level.add(change).toArray(); // Eq 14: MS = mean_f a(f) + mean_f |a(f+1) − a(f)|
  return { ms, z: zScores(ms) };
}
