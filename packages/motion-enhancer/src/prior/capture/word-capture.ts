import { type DType, keep, scope, type Tensor, tensor, zeros } from '@motion-enhancer/libtorch';
import { type TokenGrid, videoTokens } from '../grid.js';
import type { LayerAttention } from './layer-attention.js';
import { mapSources } from './map-sources.js';

/** Attention that gives a word its map: of the word to places, or of places to the word. */
export type Direction = 'text-to-video' | 'video-to-text';

/** One direction's maps of every head. */
export interface DirectionMaps {
  /** [heads, tokens, S] */
  maps_HTS: Tensor;
  /** Averages over every other pass, where they are compared: the same shape each */
  halves: readonly [Tensor, Tensor] | null;
}
export type WordMapsByDirection = Partial<Record<Direction, DirectionMaps>>;

export interface WordCaptureOptions {
  device: string;
  dtype: DType;
  directions: readonly Direction[];
  /** Passes of even and odd number are averaged apart too. */
  halves: boolean;
  /** Clips that are captured side by side (default 1). */
  clips?: number;
  /** Groups of passes that are averaged apart: layers, or (default) one of all passes. */
  groups?: number;
  /** Text tokens whose maps are kept (default all). */
  textRows?: readonly number[];
}

/** Bytes of its sums. */
export const wordCaptureBytes = (heads: number, grid: TokenGrid, o: WordCaptureOptions): number =>
  o.directions.length *
  (o.halves ? 2 : 1) *
  (o.groups ?? 1) *
  (o.clips ?? 1) *
  heads *
  (o.textRows?.length ?? grid.textTokens) *
  videoTokens(grid) *
  (o.dtype === 'float64' ? 8 : 4);

/** Streams the maps of words alone, in one or both directions, without the statistics that MHS needs. */
export class WordCapture {
  readonly #o: WordCaptureOptions;
  readonly #grid: TokenGrid;
  readonly #rows: Tensor | null;
  /** By direction: [halves, groups, clips, heads, tokens, S] */
  readonly #sums: Map<Direction, Tensor>;
  /** Passes so far, [half][group] */
  readonly #counts: number[][];

  /** Buffers belong to the caller's care until `dispose`. Accumulates in float64 for float64 models, else float32. */
  constructor(heads: number, grid: TokenGrid, o: WordCaptureOptions) {
    this.#o = o;
    this.#grid = grid;
    this.#rows = o.textRows ? keep(tensor([...o.textRows], { dtype: 'int64', device: o.device })) : null;
    const [halves, groups, clips] = [o.halves ? 2 : 1, o.groups ?? 1, o.clips ?? 1];
    const shape = [halves, groups, clips, heads, o.textRows?.length ?? grid.textTokens, videoTokens(grid)];
    const options = { device: o.device, dtype: o.dtype === 'float64' ? o.dtype : ('float32' as const) };
    this.#sums = new Map(o.directions.map((direction) => [direction, keep(zeros(shape, options))]));
    this.#counts = Array.from({ length: halves }, () => Array<number>(groups).fill(0));
  }

  get clips(): number {
    return this.#o.clips ?? 1;
  }

  /** @param pass its number: even and odd ones are the halves */
  add(attention: LayerAttention, group: number, pass: number): void {
    const half = this.#o.halves ? pass % 2 : 0;
    scope(() => {
      for (const [direction, sums] of this.#sums) {
        const sources = mapSources(attention, this.#grid, sums.dtype);
        const maps = direction === 'text-to-video' ? sources.textToVideo(this.#rows) : sources.videoToText(this.#rows);
        sums.select(0, half).select(0, group).add_(maps);
      }
    });
    this.#counts[half]![group]!++;
  }

  /** The averages of one clip; they belong to the caller's scope. */
  maps(clip: number): WordMapsByDirection {
    const counts = this.#counts.map((ofHalf) => ofHalf[0]!);
    if (counts.some((count) => count === 0)) throw new Error('No attention was captured.');
    return scope(() => {
      const found: WordMapsByDirection = {};
      for (const [direction, sums] of this.#sums) {
        const ofClip = sums.select(2, clip).flatten(1, 2); // [halves, groups · heads, tokens, S]
        const all = counts.reduce((a, b) => a + b, 0);
        const half = (i: number) => ofClip.select(0, i).div(counts[i]!);
        found[direction] = {
          maps_HTS: ofClip.sum(0).div(all),
          halves: this.#o.halves ? [half(0), half(1)] : null,
        };
      }
      return found;
    });
  }

  dispose(): void {
    for (const sums of this.#sums.values()) sums.dispose();
    this.#rows?.dispose();
  }
}
