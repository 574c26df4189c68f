import { stack, type Tensor, tensor } from '@motion-enhancer/libtorch';
import type { Word } from '@motion-enhancer/models';
import type { HeadMaps } from './capture.js';
import { zScores } from './heads.js';

/** Mean over heads of the text → video maps: A_t2v [T, S]. `heads` null means all of them (the no-MHS ablation). */
export function textToVideo(maps: HeadMaps, heads: readonly number[] | null): Tensor {
  const all = maps.textToVideo_HTS;
  if (heads === null) return all.mean(0);
  const index = tensor([...heads], { dtype: 'int64', device: all.device });
  return all.indexSelect(0, index).mean(0);
}

/** Rows of words: the mean of the rows of a word's tokens. A_t2v [T, S] → [words, S] */
export function wordRows(rows_TS: Tensor, words: readonly Pick<Word, 'tokens'>[]): Tensor {
  return stack(
    words.map((word) =>
      rows_TS.indexSelect(0, tensor([...word.tokens], { dtype: 'int64', device: rows_TS.device })).mean(0),
    ),
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
  const ms = level.add(change).toArray();
  return { ms, z: zScores(ms) };
}
