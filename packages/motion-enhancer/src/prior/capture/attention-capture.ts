import { type DType, keep, scope, stack, type Tensor, tensor, zeros } from '@motion-enhancer/libtorch';
import { locations, type TokenGrid, videoTokens } from '../grid.js';
import { attentionFromLse } from './attention-from-lse.js';
import type { Capture, CaptureScope, SquareSum } from './capture-types.js';
import type { HeadMaps } from './head-maps.js';
import { KeptPasses } from './kept-passes.js';
import type { LayerAttention } from './layer-attention.js';
import { mapSources, type VideoScores } from './map-sources.js';
import { type Mask, SAME_LOCATION } from './mask.js';
import { maskedOfAll, maskedOfSample } from './masked-squares.js';
import { rowTiles } from './row-tiles.js';
import { type RowSample, rowsTensor, sampleRows } from './sample-rows.js';

export interface CaptureOptions extends CaptureScope {
  device: string;
  dtype: DType;
  squareSum: SquareSum;
  /** Clips that are captured side by side (default 1). */
  clips?: number;
  /** 256 MiB by default. */
  tileBytes?: number;
  /** Rows and seed of `sampled`; 512 and 0 by default. */
  sampleRows?: number;
  sampleSeed?: number;
}

const TILE_BYTES = 256 * 2 ** 20;

/**
 * Streams attention entries into per-head averages of one stream of one or several clips; no L × L map of a layer is ever
 * stored. Sums are [groups, clips, heads, …].
 */
export class AttentionCapture implements Capture {
  readonly #heads: number;
  readonly #clips: number;
  readonly #grid: TokenGrid;
  readonly #o: CaptureOptions;
  readonly #mask: Mask;
  readonly #textRows: Tensor | null;
  readonly #text: Tensor;
  readonly #same: Tensor;
  readonly #total: Tensor;
  /** The summed maps, [groups, clips, heads, S, S]. */
  readonly #map: Tensor | null;
  readonly #kept: KeptPasses | null;
  readonly #sample: RowSample | null;
  readonly #sampleIndex: Tensor | null;
  /** Rows of the summed maps, [groups, clips, heads, rows, S]. */
  readonly #sampled: Tensor | null;
  readonly #counts: number[];

  /**
   * Buffers belong to the caller's care until `dispose`. Accumulates in float64 for float64 models, else float32.
   * `tileBytes` bounds the scratch space of a tile of map rows.
   */
  constructor(heads: number, grid: TokenGrid, o: CaptureOptions) {
    this.#heads = heads;
    this.#clips = o.clips ?? 1;
    this.#grid = grid;
    this.#o = o;
    this.#mask = o.mask ?? SAME_LOCATION;
    const options = { device: o.device, dtype: o.dtype === 'float64' ? o.dtype : ('float32' as const) };
    const [S, P, F] = [videoTokens(grid), locations(grid), grid.frames];
    const groups = o.groups ?? 1;
    const buffer = (...shape: number[]) => keep(zeros([groups, this.#clips, heads, ...shape], options));
    this.#textRows = o.textRows ? keep(tensor([...o.textRows], { dtype: 'int64', device: o.device })) : null;
    this.#text = buffer(o.textRows?.length ?? grid.textTokens, S);
    this.#same = buffer(P, F, F);
    this.#total = buffer();
    this.#map = o.squareSum === 'accumulate' ? buffer(S, S) : null;
    this.#kept = o.squareSum === 'replay' ? new KeptPasses() : null;
    this.#sample = o.squareSum === 'sampled' ? sampleRows(grid, o.sampleRows ?? 512, o.sampleSeed ?? 0) : null;
    this.#sampleIndex = this.#sample ? keep(rowsTensor(this.#sample, o.device)) : null;
    this.#sampled = this.#sample ? buffer(this.#sample.rows.length, S) : null;
    this.#counts = Array.from({ length: groups }, () => 0);
  }

  add(attention: LayerAttention, group = 0): void {
    scope(() => {
      const sources = mapSources(attention, this.#grid, this.#text.dtype);
      const video = sources.videoToVideo;
      this.#text.select(0, group).add_(sources.textToVideo(this.#textRows));
      this.#same.select(0, group).add_(this.#sameLocation(video));
      this.#total.select(0, group).add_(sources.videoTotal());
      if (this.#map) this.#addMap(this.#map.select(0, group), video);
      this.#kept?.add(group, video);
      if (this.#sampled) {
        const rows = (x: Tensor) => x.indexSelect(2, this.#sampleIndex!);
        this.#sampled.select(0, group).add_(attentionFromLse(rows(video.q), video.k, rows(video.lse)));
      }
    });
    this.#counts[group]!++;
  }

  /** Entries at the same location: [clips, heads, P, F, F] */
  #sameLocation({ q, k, lse }: VideoScores): Tensor {
    const [P, F] = [locations(this.#grid), this.#grid.frames];
    const byLocation = (x: Tensor) => x.reshape(this.#clips, this.#heads, F, P, -1).transpose(2, 3); // [·, ·, P, F, ·]
    return attentionFromLse(byLocation(q), byLocation(k), byLocation(lse.unsqueeze(-1)).squeeze(-1));
  }

  /** @param map of the pass's group, [clips, heads, S, S] */
  #addMap(map: Tensor, { q, k, lse }: VideoScores): void {
    for (const [start, length] of this.#tiles(this.#clips * this.#heads)) {
      const rows = (x: Tensor) => x.narrow(2, start, length);
      scope(() => rows(map).add_(attentionFromLse(rows(q), k, rows(lse))));
    }
  }

  finish(): HeadMaps[] {
    return Array.from({ length: this.#clips }, (_, clip) => this.maps(clip));
  }

  /**
   * The averages of one clip.
   * @param pools the groups of passes that are averaged together, one list for each; each group alone unless told
   */
  maps(clip: number, pools: readonly (readonly number[])[] = this.#counts.map((_, group) => [group])): HeadMaps {
    const counts = pools.map((pool) => pool.reduce((sum, group) => sum + this.#counts[group]!, 0));
    if (counts.some((count) => count === 0)) throw new Error('No attention was captured.');
    return scope(() => {
      const { device, dtype } = this.#text;
      // How many passes each head's average is over, [heads].
      const n = tensor(counts, { dtype, device }).repeatInterleave(this.#heads, 0);
      const average = (sums: Tensor) => {
        const sum = pooled(sums, clip, pools);
        return sum.div(n.reshape(-1, ...Array<number>(sum.dim - 1).fill(1)));
      };
      const same = average(this.#same);
      return {
        grid: this.#grid,
        textToVideo_HTS: average(this.#text),
        ...(this.#o.textRows ? { textRows: this.#o.textRows } : {}),
        sameLocation_HPFF: same,
        total_H: average(this.#total),
        ...this.#squares(clip, pools, n, same),
        ...(pools.length > 1 ? { layers: pools.length } : {}),
      };
    });
  }

  #squares(
    clip: number,
    pools: readonly (readonly number[])[],
    n: Tensor,
    same: Tensor,
  ): Pick<HeadMaps, 'squares_H' | 'masked'> {
    const [grid, mask] = [this.#grid, this.#mask];
    if (this.#sampled) {
      const rows = pooled(this.#sampled, clip, pools).div(n.reshape(-1, 1, 1));
      return maskedOfSample(rows, same, this.#sample!, mask, grid);
    }
    const map = this.#map && pooled(this.#map, clip, pools);
    const tile = (start: number, length: number): Tensor =>
      map ? map.narrow(1, start, length) : this.#kept!.tile(clip, pools, start, length);
    const n2 = n.square();
    return maskedOfAll(this.#tiles(n.size(0)), tile, { same_HPFF: same, mask, grid }, (sum) => sum.div(n2));
  }

  #tiles(heads: number): [number, number][] {
    const bytesPerElement = this.#text.dtype === 'float64' ? 8 : 4;
    return rowTiles(videoTokens(this.#grid), heads * bytesPerElement, this.#o.tileBytes ?? TILE_BYTES);
  }

  dispose(): void {
    const buffers = [this.#text, this.#same, this.#total, this.#map, this.#textRows, this.#sampleIndex, this.#sampled];
    for (const t of buffers) t?.dispose();
    this.#kept?.dispose();
  }
}

/** Sums [groups, clips, heads, …] of one clip over the groups of each pool: [pools · heads, …] */
function pooled(sums: Tensor, clip: number, pools: readonly (readonly number[])[]): Tensor {
  const ofClip = sums.select(1, clip); // [groups, heads, …]
  const alone = pools.length === sums.size(0) && pools.every((pool, i) => pool.length === 1 && pool[0] === i);
  if (alone) return ofClip.flatten(0, 1);
  const sumOf = (pool: readonly number[]) =>
    scope(() => pool.map((group) => ofClip.select(0, group)).reduce((sum, x) => sum.add(x)));
  return stack(pools.map(sumOf)).flatten(0, 1);
}
