import { cat, scope, type Tensor, tensor } from '@motion-enhancer/libtorch';
import type { Word } from '@motion-enhancer/models';
import type { UnitMaps } from '../capture/captured.js';
import type { HeadMaps } from '../capture/head-maps.js';
import { directionsOf } from '../capture/wanted.js';
import type { Direction } from '../capture/word-capture.js';
import type { PriorConfig } from '../config.js';
import type { PriorHead, PriorWord } from '../store/prior.js';
import { ranks, topIndices } from './heads.js';
import { spreadMaps } from './spread-maps.js';
import { amongRows, motionSaliency, wordRows } from './tokens.js';
import { type UnitScores, unitScores } from './unit-scores.js';

export interface Selection {
  heads: PriorHead[];
  words: PriorWord[];
  /** [words, F, H, W] over the kept heads, and over all */
  rows_WFHW: Tensor;
  /** Where asked for */
  allHeads_WFHW: Tensor | null;
  /** [heads, words, F, H, W] where asked for: before any spread; of both directions, each with sum 1 */
  heads_UWFHW: Tensor | null;
}

export type SelectOptions = Pick<PriorConfig, 'headRatio' | 'wordRatio'> &
  Partial<Pick<PriorConfig, 'selection' | 'headCount' | 'keepHeads' | 'keepAllHeads' | 'direction' | 'spread'>>;

/** MHS, then MTTI (Sections 4.2 and 4.3), of text → video maps with the statistics of MHS. */
export const select = (maps: HeadMaps, allWords: readonly Word[], o: SelectOptions): Selection =>
  selectUnits(
    {
      ...{ grid: maps.grid, maps, spread: [], clip: 0 },
      words: { 'text-to-video': { maps_HTS: maps.textToVideo_HTS, agreement_HT: null } },
      ...(maps.textRows ? { textRows: maps.textRows } : {}),
      ...(maps.layers ? { layers: maps.layers } : {}),
    },
    allWords,
    o,
  );

/**
 * Which heads see motion, and which words they tie to it; the kept heads' maps, spread where the options say so.
 * @param difference_S of `clipDifference`, flat; needed for the selection `difference`
 */
export function selectUnits(
  captured: UnitMaps,
  allWords: readonly Word[],
  o: SelectOptions,
  difference_S: Tensor | null = null,
): Selection {
  return scope(() => {
    const words = amongRows(allWords, captured.textRows);
    const { selection = 'mhs', direction = 'text-to-video' } = o;
    const directions = directionsOf({ direction });
    const heads = directions.flatMap((one, place) => {
      const scores = unitScores(captured, one, words, { selection, difference_S });
      const marks = { direction: direction === 'text-to-video' ? null : one, place, of: directions.length };
      return rankedHeads(scores, captured.layers, { ...o, ...marks });
    });
    const maps = mapsOf(captured, directions);
    const kept = heads.flatMap((head, h) => (head.kept ? [h] : []));
    const spread = (rows: Tensor) =>
      o.spread ? spreadMaps(rows, { passes: captured.spread, clip: captured.clip, times: o.spread }) : rows;

    const { frames, height, width } = captured.grid;
    const rows = spread(maps.mean(kept, words));
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
      allHeads_WFHW: o.keepAllHeads ? cells(spread(maps.mean(null, words))) : null,
      heads_UWFHW: o.keepHeads ? cells(maps.each(words)) : null,
    };
  });
}

/** Words' maps over heads: [words, S] over some (null: all), [heads, words, S] of each. */
interface MapsOfWords {
  mean(heads: readonly number[] | null, words: readonly Word[]): Tensor;
  each(words: readonly Word[]): Tensor;
}

/** Of one direction as they are; of both, heads of one after those of the other, each map with sum 1 to weigh alike. */
function mapsOf(captured: UnitMaps, directions: readonly Direction[]): MapsOfWords {
  const all = directions.map((direction) => captured.words[direction]!.maps_HTS);
  const [only] = all;
  if (all.length === 1) {
    return {
      mean: (heads, words) => wordRows(heads ? some(only!, heads).mean(0) : only!.mean(0), words),
      each: (words) => wordRows(only!, words),
    };
  }
  const units = only!.size(0);
  const normalised = (heads: readonly number[] | null, words: readonly Word[]) =>
    all.map((maps, place) => {
      const mine = heads?.flatMap((h) => (Math.floor(h / units) === place ? [h % units] : []));
      const rows = wordRows(mine ? some(maps, mine) : maps, words);
      return rows.div(rows.sum(-1, true).clamp(1e-30));
    });
  const joined = (parts: readonly Tensor[]) => cat(parts, 0);
  return {
    mean: (heads, words) => joined(normalised(heads, words)).mean(0),
    each: (words) => joined(normalised(null, words)),
  };
}

const some = (maps_HTS: Tensor, heads: readonly number[]): Tensor =>
  maps_HTS.indexSelect(0, tensor([...heads], { dtype: 'int64', device: maps_HTS.device }));

interface RankOptions extends Pick<SelectOptions, 'headRatio' | 'headCount'> {
  /** Told of each head, where it is not the usual one. */
  direction: Direction | null;
  /** Of the direction among those that are listed: ranks of both are taken in turn. */
  place: number;
  of: number;
}

/** Every head with its measures, and whether it is kept. */
function rankedHeads(scores: UnitScores, layers: number | undefined, o: RankOptions): PriorHead[] {
  const { measure, metrics } = scores;
  const ratio = o.headCount ? Math.min(1, o.headCount / measure.length) : o.headRatio;
  const kept = new Set(topIndices(measure, ratio));
  const rank = ranks(measure);
  const perLayer = layers ? measure.length / layers : 0;
  return measure.map((_, h) => ({
    ...(perLayer ? { layer: Math.floor(h / perLayer), head: h % perLayer } : {}),
    ...(o.direction ? { head: h % (perLayer || measure.length), direction: o.direction } : {}),
    ...(metrics ? { dfc: metrics.dfc[h]!, tcs: metrics.tcs[h]!, dsr: metrics.dsr[h]!, score: metrics.score[h]! } : {}),
    focus: scores.focus[h]!,
    change: scores.change[h]!,
    ...(scores.reliability ? { reliability: scores.reliability[h]! } : {}),
    ...(scores.difference ? { difference: scores.difference[h]! } : {}),
    rank: rank[h]! * o.of + o.place,
    kept: kept.has(h),
  }));
}
