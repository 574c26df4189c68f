import type { HeadMaps } from './head-maps.js';
import type { LayerAttention } from './layer-attention.js';
import type { Mask } from './mask.js';

/**
 * How Σ A² of the averaged map is had, the one statistic that is not linear in the maps:
 * `accumulate` keeps the averaged video→video map of every head (heads · S² · 4 bytes); `replay` keeps q, k and
 * log-sum-exp of every pass and rebuilds the map in row tiles at the end (passes · heads · N · (2d + 1) · 4 bytes): both
 * are exact. `sampled` keeps some rows of the averaged map (heads · rows · S · 4 bytes) and estimates the rest.
 */
export type SquareSum = 'accumulate' | 'replay' | 'sampled';

/** What collects attention during the passes; `AttentionCapture` in plain operators, `FusedCapture` in CUDA kernels. */
export interface Capture {
  /**
   * Adds one layer of one step.
   * @param group which of the groups the pass belongs to: its layer, or 0
   */
  add(attention: LayerAttention, group?: number): void;
  /** The averages of each clip. They belong to the caller's scope. */
  finish(): HeadMaps[];
  dispose(): void;
}

/** What is captured, whichever way. */
export interface CaptureScope {
  /** Groups of passes that are averaged apart: layers, or (default) one of all passes. */
  groups?: number;
  /** Text tokens whose rows are kept (default all). */
  textRows?: readonly number[];
  /** Default D. */
  mask?: Mask;
}
