import { scope } from '@motion-enhancer/libtorch';
import type { Word } from '@motion-enhancer/models';
import type { DirectionMaps } from '../capture/word-capture.js';
import { correlation } from './correlation.js';
import { wordRows } from './tokens.js';

/** Heads at once: bounds the scratch space where there are thousands of (layer, head) pairs. */
const CHUNK = 48;

/**
 * How alike a head's maps are when the noise is another: Pearson's r between its words' maps of two halves of the passes,
 * mean over words, and 0 where that is negative. What only noise drew is not drawn again.
 * Not in the paper: see docs/results/world-renoise.md.
 */
export function reliabilityOfHeads(
  { halves }: Pick<DirectionMaps, 'halves'>,
  words: readonly Pick<Word, 'tokens'>[],
): number[] {
  if (!halves) throw new Error('Expected maps of two halves of the passes.');
  const heads = halves[0].size(0);
  const found: number[] = [];
  for (let start = 0; start < heads; start += CHUNK) {
    const count = Math.min(CHUNK, heads - start);
    found.push(
      ...scope(() => {
        const [a, b] = halves.map((maps) => wordRows(maps.narrow(0, start, count), words)) as [
          DirectionMaps['maps_HTS'],
          DirectionMaps['maps_HTS'],
        ];
        return correlation(a, b).mean(-1).clamp(0).toArray();
      }),
    );
  }
  return found;
}
