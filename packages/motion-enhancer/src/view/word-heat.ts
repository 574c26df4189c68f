import { scope } from '@motion-enhancer/libtorch';
import { expected } from '@motion-enhancer/support';
import type { Heat } from '../data/image/index.js';
import type { Prior, PriorWord } from '../prior/store/prior.js';

/** The heat of one word: a map a token frame, on one scale over all frames. */
export interface WordHeat {
  word: PriorWord;
  /** [F] maps of H × W, values in [0, 1] */
  frames: Heat[];
  /** The attention that counts as 1: the 99.5th percentile over all frames. */
  scale: number;
}

/** One outlier must not leave the rest of a map dark. */
const CLIP_QUANTILE = 0.995;

/**
 * Heat of the kept words, the most salient first.
 * @param wanted these words instead, kept or not: the first of its name in the text
 * @throws UserError for a wanted word that the text has not
 */
export function wordHeats({ info, rows_WFHW }: Prior, max: number, wanted?: readonly string[]): WordHeat[] {
  const { frames: F, height, width } = info.grid;
  const words = info.words.map((word, index) => ({ word, index }));
  const named = wanted?.map((name) => {
    const found = words.find(({ word }) => word.text.toLowerCase() === name.toLowerCase());
    if (!found) throw expected(`one of ${info.words.map(({ text }) => text).join(', ')}`, '--word', name);
    return found;
  });
  const kept = (named ?? words.filter(({ word }) => word.kept).sort((a, b) => b.word.ms - a.word.ms)).slice(0, max);
  return kept.map(({ word, index }) => {
    const values = scope(() =>
      Float32Array.from(rows_WFHW.select(0, index).to('float32').toTypedArray() as Float32Array),
    );
    const scale = quantile(values, CLIP_QUANTILE);
    const scaled = values.map((value) => (scale > 0 ? Math.min(1, Math.max(0, value / scale)) : 0));
    const cells = height * width;
    return {
      word,
      scale,
      frames: Array.from({ length: F }, (_, f) => ({ width, height, data: scaled.slice(f * cells, (f + 1) * cells) })),
    };
  });
}

/** The value below which `share` of the values lie; its maximum where there are few. */
export function quantile(values: Float32Array, share: number): number {
  const sorted = Float32Array.from(values).sort();
  return sorted[Math.min(sorted.length - 1, Math.ceil(share * (sorted.length - 1)))] ?? 0;
}
