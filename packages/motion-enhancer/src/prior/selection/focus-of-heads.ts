import { scope } from '@motion-enhancer/libtorch';
import type { Word } from '@motion-enhancer/models';
import type { WordMaps } from '../capture/head-maps.js';
import { focusOf } from './focus.js';
import { wordRows } from './tokens.js';

/** Heads at once: bounds the scratch space where there are thousands of (layer, head) pairs. */
const CHUNK = 48;

/** How focused the words' maps of every head are, mean over the words. */
export function focusOfHeads(
  maps: Pick<WordMaps, 'grid' | 'textToVideo_HTS'>,
  words: readonly Pick<Word, 'tokens'>[],
): number[] {
  const heads = maps.textToVideo_HTS.size(0);
  const found: number[] = [];
  for (let start = 0; start < heads; start += CHUNK) {
    const rows = maps.textToVideo_HTS.narrow(0, start, Math.min(CHUNK, heads - start));
    found.push(...scope(() => focusOf(wordRows(rows, words)).mean(-1).toArray()));
  }
  return found;
}
