import type { MotionLanguage } from './types.js';

/** Jaccard index of word sets; 0 where a text has no word. */
export function overlap(a: ReadonlySet<string>, b: ReadonlySet<string>): number {
  if (a.size === 0 || b.size === 0) return 0;
  let shared = 0;
  for (const word of a) if (b.has(word)) shared++;
  return shared / (a.size + b.size - shared);
}

/** Words as runs of a–z and 0–9, no verbs: what goldens/favor_llmfree.json was computed with. */
export const PLAIN_LANGUAGE: MotionLanguage = {
  name: 'words (every word, no verbs)',
  reference: false,
  similarity: (a, b) => overlap(wordsOf(a), wordsOf(b)),
  coreVerb: () => '',
  verbSimilarity: () => 0,
};

const wordsOf = (text: string): Set<string> => new Set(text.toLowerCase().match(/[a-z0-9]+/g));
