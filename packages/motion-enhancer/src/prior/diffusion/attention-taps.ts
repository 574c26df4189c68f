import type { Tensor } from '@motion-enhancer/libtorch';

/**
 * Stands in for the attention of every layer: q, k, v are [B, heads, tokens, headDim], normalised and with positions, as
 * the model would attend with them; returns [B, heads, queries, headDim]. What it is given and what it makes must live
 * until the layer is done, then it is freed.
 */
export type Attention = (q_BHND: Tensor, k_BHND: Tensor, v_BHND: Tensor, layer: number) => Tensor;

/**
 * Where the method looks into a model: it sees queries and keys, and its attention is used in place of the model's own.
 * A model calls `joint`, or `self` and then `cross`; the last of these in the last layer may return the first elements of
 * the batch alone, and the pass goes on with them (none: nothing is left to compute).
 */
export interface AttentionTaps {
  /** Text and video in one sequence, text first. */
  joint?: Attention;
  /** Video over video. */
  self?: Attention;
  /** Video over text: k and v have the text's tokens. */
  cross?: Attention;
}
