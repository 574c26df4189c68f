import { scope, type Tensor } from '@motion-enhancer/libtorch';
import type { Word } from '@motion-enhancer/models';
import type { HeadMaps } from '../capture/head-maps.js';
import type { PriorConfig } from '../config.js';
import type { PriorHead, PriorWord } from '../store/prior.js';
import { changeOfHeads } from './change.js';
import { focusOfHeads } from './focus-of-heads.js';
import { headMetrics, ranks, topIndices } from './heads.js';
import { amongRows, motionSaliency, textToVideo, wordRows } from './tokens.js';

export interface Selection {
  heads: PriorHead[];
  words: PriorWord[];
  /** [words, F, H, W] over the kept heads, and over all */
  rows_WFHW: Tensor;
  /** Where asked for */
  allHeads_WFHW: Tensor | null;
  /** [heads, words, F, H, W] where asked for */
  heads_UWFHW: Tensor | null;
}

export type SelectOptions = Pick<PriorConfig, 'headRatio' | 'wordRatio'> &
  Partial<Pick<PriorConfig, 'selection' | 'headCount' | 'keepHeads' | 'keepAllHeads'>>;

/** MHS, then MTTI (Sections 4.2 and 4.3): which heads see motion, and which words they tie to it. */
export function select(maps: HeadMaps, allWords: readonly Word[], o: SelectOptions): Selection {
  return scope(() => {
    const words = amongRows(allWords, maps.textRows);
    const heads = selectHeads(maps, words, o);
    const kept = heads.flatMap((head, h) => (head.kept ? [h] : []));

    const { frames, height, width } = maps.grid;
    const rows = wordRows(textToVideo(maps, kept), words);
    const { ms, z } = motionSaliency(rows, frames);
    const keptWords = topIndices(ms, o.wordRatio);
    const named = words.map(({ text, start, end }, i) => ({
      text,
      start,
      end,
      ms: ms[i]!,
      z: z[i]!,
      kept: keptWords.includes(i),
    }));
    const cells = (x: Tensor) => x.to('float32').reshape(...x.shape.slice(0, -1), frames, height, width);
    return {
      heads,
      words: named,
      rows_WFHW: cells(rows),
      allHeads_WFHW: o.keepAllHeads ? cells(wordRows(textToVideo(maps, null), words)) : null,
      heads_UWFHW: o.keepHeads ? cells(wordRows(maps.textToVideo_HTS, words)) : null,
    };
  });
}

/** Every head with its measures, and whether it is kept. */
function selectHeads(maps: HeadMaps, words: readonly Word[], o: SelectOptions): PriorHead[] {
  const metrics = headMetrics(maps);
  const focus = focusOfHeads(maps, words);
  const change = changeOfHeads(maps, words);
  const measure = { mhs: metrics.score, focus, change }[o.selection ?? 'mhs'];
  const ratio = o.headCount ? Math.min(1, o.headCount / measure.length) : o.headRatio;
  const kept = new Set(topIndices(measure, ratio));
  const rank = ranks(measure);
  const perLayer = maps.layers ? measure.length / maps.layers : 0;
  return measure.map((_, h) => ({
    ...(perLayer ? { layer: Math.floor(h / perLayer), head: h % perLayer } : {}),
    dfc: metrics.dfc[h]!,
    tcs: metrics.tcs[h]!,
    dsr: metrics.dsr[h]!,
    score: metrics.score[h]!,
    focus: focus[h]!,
    change: change[h]!,
    rank: rank[h]!,
    kept: kept.has(h),
  }));
}
