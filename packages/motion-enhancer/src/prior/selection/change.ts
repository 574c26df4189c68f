import { scope, type Tensor } from '@motion-enhancer/libtorch';
import type { Word } from '@motion-enhancer/models';
import type { WordMaps } from '../capture/head-maps.js';
import { wordRows } from './tokens.js';

/** Heads at once: bounds the scratch space where there are thousands of (layer, head) pairs. */
const CHUNK = 48;

/**
 * How much the words' maps of every head move: a word's map in a frame, divided by its sum, against that of the next
 * frame, half of the sum of absolute differences (total variation: 0 the same, 1 disjoint); mean over pairs of frames,
 * then over words; 0 for a single frame. A map that follows something that moves changes; one that rests on a place, or
 * is uniform, does not. Not in the paper: see docs/results/world.md for how well it finds what moves.
 */
export function changeOfHeads(
  maps: Pick<WordMaps, 'grid' | 'textToVideo_HTS'>,
  words: readonly Pick<Word, 'tokens'>[],
): number[] {
  const heads = maps.textToVideo_HTS.size(0);
  const found: number[] = [];
  for (let start = 0; start < heads; start += CHUNK) {
    const rows = maps.textToVideo_HTS.narrow(0, start, Math.min(CHUNK, heads - start));
    found.push(...scope(() => change(wordRows(rows, words), maps.grid.frames)).toArray());
  }
  return found;
}

/** [heads, words, F · P] → [heads] */
function change(rows_HWS: Tensor, frames: number): Tensor {
  if (frames < 2) return rows_HWS.to('float64').mul(0).mean([1, 2]);
  const byFrame = rows_HWS.to('float64').unflatten(2, [frames, -1]); // [heads, words, F, P]
  const p = byFrame.div(byFrame.sum(-1, true));
  const pairs = frames - 1;
  return p
    .narrow(2, 1, pairs)
    .sub(p.narrow(2, 0, pairs))
    .abs()
    .sum(-1)
    .mul(0.5)
    .mean([1, 2]);
}
