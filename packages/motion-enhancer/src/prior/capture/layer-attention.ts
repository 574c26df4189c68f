import type { Tensor } from '@motion-enhancer/libtorch';

/** Scores q·k/√d of some queries over some keys, and what normalises them. */
export interface Scores {
  /** [clips, heads, queries, d] */
  q_BHND: Tensor;
  /** [clips, heads, keys, d] */
  k_BHND: Tensor;
  /** log Σ exp of a query's scores over these keys, [clips, heads, queries] */
  ownLse_BHN: Tensor;
  /** The one that the map is normalised by: the same, or over these keys and those of a memory. */
  lse_BHN: Tensor;
}

/**
 * Attention of one stream in one layer, as a model has it: text and video in one sequence, text first; or video over
 * video, and video over text.
 */
export type LayerAttention = { kind: 'joint'; joint: Scores } | { kind: 'self-cross'; self: Scores; cross: Scores };
