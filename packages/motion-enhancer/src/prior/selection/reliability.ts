import { scope } from '@motion-enhancer/libtorch';
import type { Word } from '@motion-enhancer/models';
import type { DirectionMaps } from '../capture/word-capture.js';
import { wordRows } from './tokens.js';

/**
 * How alike a head's maps are when the noise is another: Pearson's r between maps of two passes, mean over pairs of passes,
 * over a word's tokens and over words, and 0 where that is negative. What noise drew is not drawn again.
 * Not in the paper: see docs/results/world-renoise.md.
 */
export function reliabilityOfHeads(
  { agreement_HT }: Pick<DirectionMaps, 'agreement_HT'>,
  words: readonly Pick<Word, 'tokens'>[],
): number[] {
  if (!agreement_HT) throw new Error('Expected maps of several passes that were compared.');
  return scope(() => wordRows(agreement_HT.unsqueeze(-1), words).mean([1, 2]).clamp(0).to('float64').toArray());
}
