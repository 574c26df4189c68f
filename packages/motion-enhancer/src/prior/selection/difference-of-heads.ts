import { scope, type Tensor } from '@motion-enhancer/libtorch';
import type { Word } from '@motion-enhancer/models';
import { correlation } from './correlation.js';
import { wordRows } from './tokens.js';

/** Heads at once: bounds the scratch space where there are thousands of (layer, head) pairs. */
const CHUNK = 48;

/**
 * How much a head's maps agree with where the latents change: Pearson's r between the mean of its words' maps and the
 * difference of frames. It sees no model, so it says nothing where the camera moves (docs/results/world-camera.md).
 * @param maps_HTS [heads, tokens, S] @param difference_S of `tokenDifference`, flat
 */
export function differenceOfHeads(
  maps_HTS: Tensor,
  words: readonly Pick<Word, 'tokens'>[],
  difference_S: Tensor,
): number[] {
  const found: number[] = [];
  for (let start = 0; start < maps_HTS.size(0); start += CHUNK) {
    const some = maps_HTS.narrow(0, start, Math.min(CHUNK, maps_HTS.size(0) - start));
    found.push(...scope(() => correlation(wordRows(some, words).mean(1), difference_S).toArray()));
  }
  return found;
}
