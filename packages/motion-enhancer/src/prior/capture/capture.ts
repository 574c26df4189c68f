import { type DType, keep, scope, type Tensor, tensor, zeros } from '@motion-enhancer/libtorch';
import { locations, type TokenGrid, videoTokens } from '../grid.js';
import { KeptPasses } from './kept-passes.js';
import { entries, rowTiles } from './map-rows.js';
import { type Mask, SAME_LOCATION } from './mask.js';
import { type MaskedSquares, maskedOfAll, maskedOfSample } from './masked-squares.js';
import { type RowSample, rowsTensor, sampleRows } from './sample-rows.js';

/**
 * How Σ A² of the averaged map is had, the one statistic that is not linear in the maps:
 * `accumulate` keeps the averaged video→video map of every head (heads · S² · 4 bytes); `replay` keeps q, k and
 * log-sum-exp of every pass and rebuilds the map in row tiles at the end (passes · heads · N · (2d + 1) · 4 bytes): both
 * are exact. `sampled` keeps some rows of the averaged map (heads · rows · S · 4 bytes) and estimates the rest.
 */
export type SquareSum = 'accumulate' | 'replay' | 'sampled';

/**
 * Averages over passes (layers × steps) of one stream's attention, per head; what Eqs 10–13 need and no more. With
 * `layers` groups of passes, "heads" are (layer, head) pairs, layer by layer, and averages go over the steps.
 */
export interface HeadMaps {
  grid: TokenGrid;
  /** A_h[:T, T:], text rows over video keys: [heads, T, S], or the rows of `textRows` alone */
  textToVideo_HTS: Tensor;
  /** The text tokens whose rows there are; all of them unless told. */
  textRows?: readonly number[];
  /** A_h at the same location, for every pair of frames: [heads, P, F, F] */
  sameLocation_HPFF: Tensor;
  /** Σ of A_vv over all S² entries: [heads] */
  total_H: Tensor;
  /** Σ of A_vv² over all S² entries: [heads]; an estimate if `masked.error_H` says how exact */
  squares_H: Tensor;
  /** Σ A² inside and outside of the mask of Eq 11, where that is not D or the sums are estimates. */
  masked?: MaskedSquares;
  /** How many layers the heads are of, if each (layer, head) stands alone. */
  layers?: number;
}

/** What collects attention during the passes; `AttentionCapture` in plain operators, `FusedCapture` in CUDA kernels. */
export interface Capture {
  /** @param group which of the groups the pass belongs to: its layer, or 0 */
  add(q_HND: Tensor, k_HND: Tensor, ownLse_HN: Tensor, lse_HN?: Tensor, group?: number): void;
  finish(): HeadMaps;
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

export interface CaptureOptions extends CaptureScope {
  device: string;
  dtype: DType;
  squareSum: SquareSum;
  /** 256 MiB by default. */
  tileBytes?: number;
  /** Rows and seed of `sampled`; 512 and 0 by default. */
  sampleRows?: number;
  sampleSeed?: number;
}

const TILE_BYTES = 256 * 2 ** 20;

/** Streams attention entries exp(q·k/√d − lse) into per-head averages; no L × L map of a layer is ever stored. */
export class AttentionCapture implements Capture {
  readonly #heads: number;
  readonly #grid: TokenGrid;
  readonly #o: CaptureOptions;
  readonly #mask: Mask;
  readonly #tileBytes: number;
  readonly #textRows: Tensor | null;
  readonly #text: Tensor;
  readonly #same: Tensor;
  readonly #total: Tensor;
  /** The averaged map, [heads, S, S]. */
  readonly #map: Tensor | null;
  readonly #kept: KeptPasses | null;
  readonly #sample: RowSample | null;
  readonly #sampleIndex: Tensor | null;
  /** Rows of the averaged map, [heads, rows, S]. */
  readonly #sampled: Tensor | null;
  readonly #counts: number[];

  /**
   * Buffers belong to the caller's care until `dispose`. Accumulates in float64 for float64 models, else float32.
   * `tileBytes` bounds the scratch space of a tile of map rows.
   */
  constructor(heads: number, grid: TokenGrid, o: CaptureOptions) {
    this.#heads = heads;
    this.#grid = grid;
    this.#o = o;
    this.#mask = o.mask ?? SAME_LOCATION;
    this.#tileBytes = o.tileBytes ?? TILE_BYTES;
    const options = { device: o.device, dtype: o.dtype === 'float64' ? o.dtype : ('float32' as const) };
    const [S, P, F] = [videoTokens(grid), locations(grid), grid.frames];
    const groups = o.groups ?? 1;
    const units = groups * heads;
    const buffer = (...shape: number[]) => keep(zeros(shape, options));
    this.#textRows = o.textRows ? keep(tensor([...o.textRows], { dtype: 'int64', device: o.device })) : null;
    this.#text = buffer(units, o.textRows?.length ?? grid.textTokens, S);
    this.#same = buffer(units, P, F, F);
    this.#total = buffer(units);
    this.#map = o.squareSum === 'accumulate' ? buffer(units, S, S) : null;
    this.#kept = o.squareSum === 'replay' ? new KeptPasses() : null;
    this.#sample = o.squareSum === 'sampled' ? sampleRows(grid, o.sampleRows ?? 512, o.sampleSeed ?? 0) : null;
    this.#sampleIndex = this.#sample ? keep(rowsTensor(this.#sample, o.device)) : null;
    this.#sampled = this.#sample ? buffer(units, this.#sample.rows.length, S) : null;
    this.#counts = Array.from({ length: groups }, () => 0);
  }

  /**
   * Adds one layer of one step.
   * @param q_HND queries, RoPE applied; N = T + S
   * @param ownLse_HN log-sum-exp over the row's own keys
   * @param lse_HN the one that normalises: the same, or over own and memory keys (`joint`)
   */
  add(q_HND: Tensor, k_HND: Tensor, ownLse_HN: Tensor, lse_HN: Tensor = ownLse_HN, group = 0): void {
    scope(() => {
      const dtype = this.#text.dtype;
      const T = this.#grid.textTokens;
      const [S, P, F] = [videoTokens(this.#grid), locations(this.#grid), this.#grid.frames];
      const [heads, , d] = q_HND.shape as [number, number, number];
      const mine = (buffer: Tensor) => buffer.narrow(0, group * heads, heads);
      const q = q_HND.to(dtype).mul(1 / Math.sqrt(d));
      const k = k_HND.to(dtype);
      const lse = lse_HN.to(dtype);
      const [qText, qVideo] = [this.#chosen(q.narrow(1, 0, T)), q.narrow(1, T, S)];
      const [kText, kVideo] = [k.narrow(1, 0, T), k.narrow(1, T, S)];
      const [lseText, lseVideo] = [this.#chosen(lse.narrow(1, 0, T)), lse.narrow(1, T, S)];

      mine(this.#text).add_(entries(qText, kVideo, lseText));

      const byLocation = (x: Tensor) => x.reshape(heads, F, P, -1).transpose(1, 2); // [heads, P, F, ·]
      mine(this.#same).add_(
        entries(byLocation(qVideo), byLocation(kVideo), byLocation(lseVideo.unsqueeze(-1)).squeeze(-1)),
      );

      // A row's mass on its own keys is e^(own lse − lse); what is not on text is on video.
      const ownMass = ownLse_HN.to(dtype).narrow(1, T, S).sub(lseVideo).exp().sum(-1);
      mine(this.#total).add_(ownMass.sub(entries(qVideo, kText, lseVideo).sum([-2, -1])));

      if (this.#map) {
        const map = mine(this.#map);
        for (const [start, length] of this.#tiles(heads)) {
          const rows = (x: Tensor) => x.narrow(1, start, length);
          scope(() => rows(map).add_(entries(rows(qVideo), kVideo, rows(lseVideo))));
        }
      }
      this.#kept?.add(group, { q: qVideo, k: kVideo, lse: lseVideo });
      if (this.#sampled) {
        const rows = (x: Tensor) => x.indexSelect(1, this.#sampleIndex!);
        mine(this.#sampled).add_(entries(rows(qVideo), kVideo, rows(lseVideo)));
      }
    });
    this.#counts[group]!++;
  }

  /** The averages; call once. The result belongs to the caller's scope. */
  finish(): HeadMaps {
    if (this.#counts.some((n) => n === 0)) throw new Error('No attention was captured.');
    return scope(() => {
      const { device, dtype } = this.#text;
      // How many passes each head's average is over, [heads].
      const n = tensor([...this.#counts], { dtype, device }).repeatInterleave(this.#heads, 0);
      const average = (sum: Tensor) => sum.div(n.reshape(-1, ...Array<number>(sum.dim - 1).fill(1)));
      const same = average(this.#same);
      const squares = this.#squares(n, same);
      return {
        grid: this.#grid,
        textToVideo_HTS: average(this.#text),
        ...(this.#o.textRows ? { textRows: this.#o.textRows } : {}),
        sameLocation_HPFF: same,
        total_H: average(this.#total),
        ...squares,
        ...(this.#counts.length > 1 ? { layers: this.#counts.length } : {}),
      };
    });
  }

  #squares(n: Tensor, same: Tensor): Pick<HeadMaps, 'squares_H' | 'masked'> {
    const [grid, mask] = [this.#grid, this.#mask];
    if (this.#sampled) {
      const rows = this.#sampled.div(n.reshape(-1, 1, 1));
      return maskedOfSample(rows, same, this.#sample!, mask, grid);
    }
    const tile = (start: number, length: number): Tensor =>
      this.#map ? this.#map.narrow(1, start, length) : this.#kept!.tile(this.#counts.length, start, length);
    const n2 = n.square();
    return maskedOfAll(this.#tiles(n.size(0)), tile, same, mask, grid, (sum) => sum.div(n2));
  }

  #chosen(rows: Tensor): Tensor {
    return this.#textRows ? rows.indexSelect(1, this.#textRows) : rows;
  }

  #tiles(heads: number): [number, number][] {
    const wide = this.#text.dtype === 'float64' ? 8 : 4;
    return rowTiles(videoTokens(this.#grid), heads * wide, this.#tileBytes);
  }

  dispose(): void {
    const buffers = [this.#text, this.#same, this.#total, this.#map, this.#textRows, this.#sampleIndex, this.#sampled];
    for (const t of buffers) t?.dispose();
    this.#kept?.dispose();
  }
}
