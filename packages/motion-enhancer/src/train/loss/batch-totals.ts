import type { PreparedSample } from '../data/prepared-sample.js';

/** What the losses of a batch are divided by: of the whole batch, on however many ranks its samples are. */
export interface BatchTotals {
  samples: number;
  /** Samples with a prior. */
  aligned: number;
  /** Tokens that are learned. */
  learned: number;
  /** Whether any sample has an image or a video. */
  sees: boolean;
  /** Most samples that one rank has. */
  passes: number;
}

/** Tokens of a sample that carry loss. */
export function learnedTokens({ chat }: Pick<PreparedSample, 'chat'>): number {
  return chat.labels.reduce((n, label, i) => n + (i > 0 && label !== -100 ? 1 : 0), 0);
}

/** Of a batch that one process has whole. */
export function totalsOf(batch: readonly PreparedSample[]): BatchTotals {
  return {
    samples: batch.length,
    aligned: batch.filter(({ prior }) => prior).length,
    learned: batch.reduce((n, sample) => n + learnedTokens(sample), 0),
    sees: batch.some(({ chat }) => chat.inputs.length > 0),
    passes: batch.length,
  };
}
