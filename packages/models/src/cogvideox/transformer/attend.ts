import type { Tensor } from '@motion-enhancer/libtorch';

/**
 * Replaces attention in every block. q, k, v are [B, heads, T + S, headDim], per-head LayerNorm and rotary positions
 * already applied to the video part; returns [B, heads, T + S, headDim],
 * or the first sequences of the batch alone: the forward pass goes on with these. It runs in the block's own scope: what it
 * makes or is given is freed when the block is done, unless it calls `keep`.
 */
export type Attend = (
  q_BHND: Tensor,
  k_BHND: Tensor,
  v_BHND: Tensor,
  block: { layer: number; textTokens: number },
) => Tensor;
