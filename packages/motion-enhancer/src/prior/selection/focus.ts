import { scope, type Tensor } from '@motion-enhancer/libtorch';
import type { Word } from '@motion-enhancer/models';
import type { HeadMaps } from '../capture/capture.js';
import { wordRows } from './tokens.js';

/** Heads at once: bounds the scratch space where there are thousands of (layer, head) pairs. */
const CHUNK = 48;

/**
 * How focused the words' maps of every head are (docs/method.md 7): 1 − H/ln S, where H is the entropy of a word's row,
 * divided by its sum, in nats; mean over the words. 0 is uniform, 1 a single cell.
 */
export function focusOfHeads(maps: HeadMaps, words: readonly Pick<Word, 'tokens'>[]): number[] {
  const heads = maps.textToVideo_HTS.size(0);
  const found: number[] = [];
  for (let start = 0; start < heads; start += CHUNK) {
    const rows = maps.textToVideo_HTS.narrow(0, start, Math.min(CHUNK, heads - start));
    found.push(...scope(() => focus(wordRows(rows, words)).toArray()));
  }
  return found;
}

/** [heads, words, S] → [heads] */
function focus(rows_HWS: Tensor): Tensor {
  const p = rows_HWS.to('float64').div(rows_HWS.to('float64').sum(-1, true));
  const surprise = p.mul(p.clamp(1e-300).log()).sum(-1); // −H, [heads, words]
  const S = p.size(-1);
  return surprise
    .div(Math.log(Math.max(2, S)))
    .add(1)
    .mean(-1);
}
