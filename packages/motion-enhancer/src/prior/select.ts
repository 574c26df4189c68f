import { scope, type Tensor } from '@motion-enhancer/libtorch';
import type { Word } from '@motion-enhancer/models';
import type { HeadMaps } from './capture.js';
import { headMetrics, ranks, topIndices } from './heads.js';
import type { PriorHead, PriorWord } from './prior.js';
import { motionSaliency, textToVideo, wordRows } from './tokens.js';

export interface Selection {
  heads: PriorHead[];
  words: PriorWord[];
  /** [words, F, H, W] over the kept heads, and over all */
  rows_WFHW: Tensor;
  allHeads_WFHW: Tensor;
}

/** MHS, then MTTI (Sections 4.2 and 4.3): which heads see motion, and which words they tie to it. */
export function select(
  maps: HeadMaps,
  words: readonly Word[],
  ratios: { headRatio: number; wordRatio: number },
): Selection {
  return scope(() => {
    const metrics = headMetrics(maps);
    const keptHeads = topIndices(metrics.score, ratios.headRatio);
    const rank = ranks(metrics.score);
    const heads = metrics.score.map((score, h) => ({
      dfc: metrics.dfc[h]!,
      tcs: metrics.tcs[h]!,
      dsr: metrics.dsr[h]!,
      score,
      rank: rank[h]!,
      kept: keptHeads.includes(h),
    }));

    const { frames, height, width } = maps.grid;
    const rows = wordRows(textToVideo(maps, keptHeads), words);
    const { ms, z } = motionSaliency(rows, frames);
    const keptWords = topIndices(ms, ratios.wordRatio);
    const named = words.map(({ text, start, end }, i) => ({
      text,
      start,
      end,
      ms: ms[i]!,
      z: z[i]!,
      kept: keptWords.includes(i),
    }));
    const shape = [words.length, frames, height, width];
    return {
      heads,
      words: named,
      rows_WFHW: rows.to('float32').reshape(...shape),
      allHeads_WFHW: wordRows(textToVideo(maps, null), words)
        .to('float32')
        .reshape(...shape),
    };
  });
}
