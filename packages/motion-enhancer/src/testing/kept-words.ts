import { wordSpans } from '@motion-enhancer/models';
import type { PriorWord } from '../prior/store/prior.js';

/** Of priors that tests and benches make up: every word of a text, kept. */
export const keptWords = (text: string): PriorWord[] =>
  wordSpans(text).map(([start, end]) => ({ text: text.slice(start, end), start, end, ms: 1, z: 0, kept: true }));
