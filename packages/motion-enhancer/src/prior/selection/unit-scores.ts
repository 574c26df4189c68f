import type { Tensor } from '@motion-enhancer/libtorch';
import type { Word } from '@motion-enhancer/models';
import type { UnitMaps } from '../capture/captured.js';
import type { Direction } from '../capture/word-capture.js';
import { byReliability } from '../check-options.js';
import type { PriorConfig } from '../config.js';
import { changeOfHeads } from './change.js';
import { differenceOfHeads } from './difference-of-heads.js';
import { focusOfHeads } from './focus-of-heads.js';
import { type HeadMetrics, headMetrics } from './heads.js';
import { reliabilityOfHeads } from './reliability.js';

/** Every score of one direction's heads, one entry a head; null where it was not asked for, or cannot be had. */
export interface UnitScores {
  metrics: HeadMetrics | null;
  focus: number[];
  change: number[];
  reliability: number[] | null;
  difference: number[] | null;
  /** What the heads are ranked by. */
  measure: number[];
}

export interface ScoreOptions {
  selection: PriorConfig['selection'];
  /** Of `clipDifference`, flat; needed for the selection `difference`. */
  difference_S?: Tensor | null;
}

/** @param words with their places among the rows that were captured */
export function unitScores(
  captured: UnitMaps,
  direction: Direction,
  words: readonly Word[],
  { selection, difference_S = null }: ScoreOptions,
): UnitScores {
  const { maps_HTS, agreement_HT } = captured.words[direction]!;
  const maps = { grid: captured.grid, textToVideo_HTS: maps_HTS };
  const scores = {
    metrics: captured.maps ? headMetrics(captured.maps) : null,
    focus: focusOfHeads(maps, words),
    change: changeOfHeads(maps, words),
    reliability: byReliability({ selection }) ? reliabilityOfHeads({ agreement_HT }, words) : null,
    difference: selection === 'difference' ? differenceOfHeads(maps_HTS, words, difference_S!) : null,
  };
  return { ...scores, measure: measureOf(scores, selection) };
}

function measureOf(scores: Omit<UnitScores, 'measure'>, selection: PriorConfig['selection']): number[] {
  switch (selection) {
    case 'mhs':
      return scores.metrics!.score;
    case 'change-reliability':
      return scores.change.map((change, h) => change * scores.reliability![h]!);
    default:
      return scores[selection]!;
  }
}
