import type { Qwen25VLVisionConfig } from './config.js';
import type { Grid } from './grid.js';

/** Merged tokens (groups of 2 × 2 patches) in window order. */
export interface WindowIndex {
  /** Old place of each token in the new order. */
  order: number[];
  /** Tokens per window, in the new order; none is 0. */
  sizes: number[];
}

/**
 * Cuts every frame pair into windows of `windowSize` pixels; those at the right and lower edges may be smaller.
 * Source: transformers models/qwen2_5_vl/modeling_qwen2_5_vl.py @ v4.57.6 (get_window_index): its empty windows,
 * which the padding of divisible grids makes, are left out here.
 */
export function windowIndex([T, h, w]: Grid, config: Qwen25VLVisionConfig): WindowIndex {
  const side = Math.floor(config.windowSize / config.spatialMergeSize / config.patchSize);
  const H = h / config.spatialMergeSize;
  const W = w / config.spatialMergeSize;
  const order: number[] = [];
  const sizes: number[] = [];
  for (let t = 0; t < T; t++) {
    for (let top = 0; top < H; top += side) {
      for (let left = 0; left < W; left += side) {
        const before = order.length;
        for (let y = top; y < Math.min(top + side, H); y++)
          for (let x = left; x < Math.min(left + side, W); x++) order.push((t * H + y) * W + x);
        sizes.push(order.length - before);
      }
    }
  }
  return { order, sizes };
}
