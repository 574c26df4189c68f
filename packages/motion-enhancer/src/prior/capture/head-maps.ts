import type { Tensor } from '@motion-enhancer/libtorch';
import type { TokenGrid } from '../grid.js';
import type { MaskedSquares } from './masked-squares.js';

/** Averaged maps of text tokens over the video, per head. */
export interface WordMaps {
  grid: TokenGrid;
  /** A_h[:T, T:], text queries over video keys: [heads, T, S], or those of `textRows` alone */
  textToVideo_HTS: Tensor;
  /** The text tokens whose rows there are; all of them unless told. */
  textRows?: readonly number[];
  /** How many layers the heads are of, if each (layer, head) stands alone. */
  layers?: number;
}

/**
 * Averages over passes (layers × steps) of one stream's attention in one clip, per head; what Eqs 10–13 need and no more.
 * With `layers` groups of passes, "heads" are (layer, head) pairs, layer by layer, and averages go over the steps.
 */
export interface HeadMaps extends WordMaps {
  /** A_h at the same location, for every pair of frames: [heads, P, F, F] */
  sameLocation_HPFF: Tensor;
  /** Σ of A_vv over all S² entries: [heads] */
  total_H: Tensor;
  /** Σ of A_vv² over all S² entries: [heads]; an estimate if `masked.error_H` says how exact */
  squares_H: Tensor;
  /** Σ A² inside and outside of the mask of Eq 11, where that is not D or the sums are estimates. */
  masked?: MaskedSquares;
}
