import { type DType, keep, scope, stack, type Tensor, zeros } from '@motion-enhancer/libtorch';
import { locations, type TokenGrid, videoTokens } from './grid.js';

/**
 * How Σ A² of the averaged map is had, the one statistic that is not linear in the maps:
 * `accumulate` keeps the averaged video→video map of every head (heads · S² · 4 bytes); `replay` keeps q, k and
 * log-sum-exp of every pass and rebuilds the map in row tiles at the end (passes · heads · N · (2d + 1) · 4 bytes).
 * Both are exact.
 */
export type SquareSum = 'accumulate' | 'replay';

/** Averages over passes (layers × steps) of one stream's attention, per head; what Eqs 10–13 need and no more. */
export interface HeadMaps {
  grid: TokenGrid;
  /** A_h[:T, T:], text rows over video keys: [heads, T, S] */
  textToVideo_HTS: Tensor;
  /** A_h at the same location, for every pair of frames: [heads, P, F, F] */
  sameLocation_HPFF: Tensor;
  /** Σ of A_vv over all S² entries: [heads] */
  total_H: Tensor;
  /** Σ of A_vv² over all S² entries: [heads] */
  squares_H: Tensor;
}

/** What collects attention during the passes; `AttentionCapture` in plain operators, `FusedCapture` in CUDA kernels. */
export interface Capture {
  add(q_HND: Tensor, k_HND: Tensor, ownLse_HN: Tensor, lse_HN?: Tensor): void;
  finish(): HeadMaps;
  dispose(): void;
}

/** One layer of one step: q and k [heads, T + S, d] and the log-sum-exp [heads, T + S] that normalises their scores. */
interface Pass {
  q: Tensor;
  k: Tensor;
  lse: Tensor;
}

export interface CaptureOptions {
  device: string;
  dtype: DType;
  squareSum: SquareSum;
  /** 256 MiB by default. */
  tileBytes?: number;
}

const TILE_BYTES = 256 * 2 ** 20;

/** Streams attention entries exp(q·k/√d − lse) into per-head averages; no L × L map of a layer is ever stored. */
export class AttentionCapture implements Capture {
  readonly #grid: TokenGrid;
  readonly #squareSum: SquareSum;
  readonly #tileBytes: number;
  readonly #text: Tensor;
  readonly #same: Tensor;
  readonly #total: Tensor;
  readonly #map: Tensor | null;
  readonly #passes: Pass[] = [];
  #count = 0;

  /**
   * Buffers belong to the caller's care until `dispose`. Accumulates in float64 for float64 models, else float32.
   * `tileBytes` bounds the scratch space of a tile of map rows.
   */
  constructor(heads: number, grid: TokenGrid, o: CaptureOptions) {
    this.#grid = grid;
    this.#squareSum = o.squareSum;
    this.#tileBytes = o.tileBytes ?? TILE_BYTES;
    const options = { device: o.device, dtype: o.dtype === 'float64' ? o.dtype : ('float32' as const) };
    const [S, P, F] = [videoTokens(grid), locations(grid), grid.frames];
    const buffer = (...shape: number[]) => keep(zeros(shape, options));
    this.#text = buffer(heads, grid.textTokens, S);
    this.#same = buffer(heads, P, F, F);
    this.#total = buffer(heads);
    this.#map = o.squareSum === 'accumulate' ? buffer(heads, S, S) : null;
  }

  /**
   * Adds one layer of one step.
   * @param q_HND queries, RoPE applied; N = T + S
   * @param ownLse_HN log-sum-exp over the row's own keys
   * @param lse_HN the one that normalises: the same, or over own and memory keys (`joint`)
   */
  add(q_HND: Tensor, k_HND: Tensor, ownLse_HN: Tensor, lse_HN: Tensor = ownLse_HN): void {
    scope(() => {
      const dtype = this.#text.dtype;
      const T = this.#grid.textTokens;
      const [S, P, F] = [videoTokens(this.#grid), locations(this.#grid), this.#grid.frames];
      const [heads, , d] = q_HND.shape as [number, number, number];
      const q = q_HND.to(dtype).mul(1 / Math.sqrt(d));
      const k = k_HND.to(dtype);
      const lse = lse_HN.to(dtype);
      const [qText, qVideo] = [q.narrow(1, 0, T), q.narrow(1, T, S)];
      const [kText, kVideo] = [k.narrow(1, 0, T), k.narrow(1, T, S)];
      const [lseText, lseVideo] = [lse.narrow(1, 0, T), lse.narrow(1, T, S)];

      this.#text.add_(entries(qText, kVideo, lseText));

      const byLocation = (x: Tensor) => x.reshape(heads, F, P, -1).transpose(1, 2); // [heads, P, F, ·]
      this.#same.add_(entries(byLocation(qVideo), byLocation(kVideo), byLocation(lseVideo.unsqueeze(-1)).squeeze(-1)));

      // A row's mass on its own keys is e^(own lse − lse); what is not on text is on video.
      const ownMass = ownLse_HN.to(dtype).narrow(1, T, S).sub(lseVideo).exp().sum(-1);
      this.#total.add_(ownMass.sub(entries(qVideo, kText, lseVideo).sum([-2, -1])));

      if (this.#map) {
        const map = this.#map;
        for (const [start, length] of this.#rowTiles(S, heads)) {
          const rows = (x: Tensor) => x.narrow(1, start, length);
          scope(() => rows(map).add_(entries(rows(qVideo), kVideo, rows(lseVideo))));
        }
      } else {
        this.#passes.push(keep({ q: qVideo.clone(), k: kVideo.clone(), lse: lseVideo.clone() }));
      }
    });
    this.#count++;
  }

  /** The averages; call once. The result belongs to the caller's scope. */
  finish(): HeadMaps {
    if (this.#count === 0) throw new Error('No attention was captured.');
    const n = this.#count;
    return scope(() => ({
      grid: this.#grid,
      textToVideo_HTS: this.#text.div(n),
      sameLocation_HPFF: this.#same.div(n),
      total_H: this.#total.div(n),
      squares_H: this.#squareSum === 'accumulate' ? this.#accumulatedSquares(n) : this.#replayedSquares(n),
    }));
  }

  #accumulatedSquares(n: number): Tensor {
    const map = this.#map!;
    const [heads, S] = map.shape as [number, number];
    const sums = this.#rowTiles(S, heads).map(([start, length]) =>
      scope(() => map.narrow(1, start, length).square().sum([-2, -1])),
    );
    return stack(sums)
      .sum(0)
      .div(n * n);
  }

  #replayedSquares(n: number): Tensor {
    const { q } = this.#passes[0]!;
    const [heads, S] = q.shape as [number, number];
    const tiles = this.#rowTiles(S, heads);
    const sums = tiles.map(([start, length]) =>
      scope(() => {
        const tile = zeros([heads, length, S], { dtype: q.dtype, device: q.device });
        for (const pass of this.#passes) {
          scope(() => tile.add_(entries(pass.q.narrow(1, start, length), pass.k, pass.lse.narrow(1, start, length))));
        }
        return tile.square().sum([-2, -1]);
      }),
    );
    return stack(sums)
      .sum(0)
      .div(n * n);
  }

  /** Row ranges of which two tiles (scores and their exponentials) stay within the scratch budget. */
  #rowTiles(rows: number, heads: number): [number, number][] {
    const bytesPerRow = 2 * heads * rows * (this.#text.dtype === 'float64' ? 8 : 4);
    const step = Math.max(1, Math.min(rows, Math.floor(this.#tileBytes / bytesPerRow)));
    return Array.from({ length: Math.ceil(rows / step) }, (_, i) => [i * step, Math.min(step, rows - i * step)]);
  }

  dispose(): void {
    for (const t of [this.#text, this.#same, this.#total, this.#map]) t?.dispose();
    for (const pass of this.#passes) for (const t of Object.values(pass)) (t as Tensor).dispose();
    this.#passes.length = 0;
  }
}

/** exp(q kᵀ − lse), q already scaled: [..., rows, keys] */
function entries(q: Tensor, k: Tensor, lse: Tensor): Tensor {
  return q.matmul(k.transpose(-2, -1)).sub_(lse.unsqueeze(-1)).exp();
}
