import { type DType, keep, scope, type Tensor } from '@motion-enhancer/libtorch';
import { bytesPerElement } from '../bytes-per-element.js';
import { type TokenGrid, videoTokens } from '../grid.js';
import type { LayerAttention, Scores } from './layer-attention.js';

/** What one layer of one pass attends with from video: maps can be carried through it. */
export interface SpreadPass {
  /** Queries of the video, [clips, heads, S, d] */
  q: Tensor;
  /** All keys, text first where they are joint: [clips, heads, N, d] */
  k: Tensor;
  /** Share of a query's attention that these keys have, [clips, heads, S]; null: all of it */
  share: Tensor | null;
}

/** Bytes that it keeps of so many passes. */
export const spreadBytes = (passes: number, heads: number, headDim: number, grid: TokenGrid, dtype: DType): number =>
  passes * heads * headDim * (grid.textTokens + 2 * videoTokens(grid)) * bytesPerElement(dtype);

/** Keeps queries and keys of the layers that maps are carried through. */
export class SpreadCapture {
  readonly #grid: TokenGrid;
  readonly #kept: SpreadPass[] = [];

  constructor(grid: TokenGrid) {
    this.#grid = grid;
  }

  add(attention: LayerAttention): void {
    const scores = attention.kind === 'joint' ? attention.joint : attention.self;
    const S = videoTokens(this.#grid);
    scope(() => {
      const video = (x: Tensor) => x.narrow(2, x.size(2) - S, S);
      this.#kept.push(
        keep({ q: video(scores.q_BHND).clone(), k: scores.k_BHND.clone(), share: shareOf(scores, video) }),
      );
    });
  }

  /** What was kept, in the caller's scope. */
  finish(): SpreadPass[] {
    return this.#kept.map(({ q, k, share }) => ({ q: q.detach(), k: k.detach(), share: share?.detach() ?? null }));
  }

  dispose(): void {
    for (const { q, k, share } of this.#kept) for (const x of [q, k, share]) x?.dispose();
    this.#kept.length = 0;
  }
}

/** e^(own lse − lse), where the map is normalised over more keys than its own. */
function shareOf({ ownLse_BHN, lse_BHN }: Scores, video: (x: Tensor) => Tensor): Tensor | null {
  return ownLse_BHN === lse_BHN ? null : video(ownLse_BHN).sub(video(lse_BHN)).exp();
}
