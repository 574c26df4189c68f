import { type DType, keep, scope, type Tensor, tensor, zeros } from '@motion-enhancer/libtorch';
import { type TokenGrid, videoTokens } from '../grid.js';
import type { LayerAttention } from './layer-attention.js';
import { mapSources } from './map-sources.js';
import { PassAgreement } from './pass-agreement.js';

/** Attention that gives a word its map: of the word to places, or of places to the word. */
export type Direction = 'text-to-video' | 'video-to-text';

/** One direction's maps of every head. */
export interface DirectionMaps {
  /** [heads, tokens, S] */
  maps_HTS: Tensor;
  /** Mean of Pearson's r over pairs of passes, where it was wanted: [heads, tokens] */
  agreement_HT: Tensor | null;
}
export type WordMapsByDirection = Partial<Record<Direction, DirectionMaps>>;

export interface WordCaptureOptions {
  device: string;
  dtype: DType;
  directions: readonly Direction[];
  /** Whether maps of single passes are compared. */
  agreement: boolean;
  /** Clips that are captured side by side (default 1). */
  clips?: number;
  /** Groups of attention that are averaged apart: layers, or (default) one of all layers of a pass. */
  groups?: number;
  /** Text tokens whose maps are kept (default all). */
  textRows?: readonly number[];
}

/** Bytes of its buffers. */
export function wordCaptureBytes(heads: number, grid: TokenGrid, o: WordCaptureOptions): number {
  const { groups = 1, clips = 1, textRows } = o;
  const buffers = o.agreement ? (groups === 1 ? 3 : 2) : 1;
  const maps = groups * clips * heads * (textRows?.length ?? grid.textTokens) * videoTokens(grid);
  return o.directions.length * buffers * maps * (o.dtype === 'float64' ? 8 : 4);
}

/** Sums of one direction, [groups, clips, heads, tokens, S]. */
interface Sums {
  maps: Tensor;
  agreement: PassAgreement | null;
  /** The layers of the pass so far, where they are averaged together: they are compared as one. */
  pass: Tensor | null;
}

/** Streams the maps of words alone, in one or both directions, without the statistics that MHS needs. */
export class WordCapture {
  readonly clips: number;
  readonly #grid: TokenGrid;
  readonly #rows: Tensor | null;
  readonly #sums: Map<Direction, Sums>;
  /** Layers so far, by group. */
  readonly #counts: number[];
  /** Numbers of the passes so far. */
  readonly #passes = new Set<number>();

  /** Buffers belong to the caller's care until `dispose`. Accumulates in float64 for float64 models, else float32. */
  constructor(heads: number, grid: TokenGrid, o: WordCaptureOptions) {
    const { groups = 1, clips = 1, textRows, device } = o;
    this.clips = clips;
    this.#grid = grid;
    this.#rows = textRows ? keep(tensor([...textRows], { dtype: 'int64', device })) : null;
    const shape = [groups, clips, heads, textRows?.length ?? grid.textTokens, videoTokens(grid)];
    const options = { device, dtype: o.dtype === 'float64' ? o.dtype : ('float32' as const) };
    const buffer = () => keep(zeros(shape, options));
    const sums = (maps: Tensor): Sums => ({
      maps,
      agreement: o.agreement ? new PassAgreement(maps) : null,
      pass: o.agreement && groups === 1 ? buffer() : null,
    });
    this.#sums = new Map(o.directions.map((direction) => [direction, sums(buffer())]));
    this.#counts = Array<number>(groups).fill(0);
  }

  /** @param pass its number; layers of a pass come one after another */
  add(attention: LayerAttention, group: number, pass: number): void {
    if (!this.#passes.has(pass)) this.#endPass();
    this.#passes.add(pass);
    scope(() => {
      for (const [direction, { maps: sum, agreement, pass: ofPass }] of this.#sums) {
        const sources = mapSources(attention, this.#grid, sum.dtype);
        const maps = direction === 'text-to-video' ? sources.textToVideo(this.#rows) : sources.videoToText(this.#rows);
        sum.select(0, group).add_(maps);
        if (ofPass) ofPass.select(0, group).add_(maps);
        else agreement?.add(group, maps);
      }
    });
    this.#counts[group]!++;
  }

  /** Compares what the layers of a pass came to. */
  #endPass(): void {
    if (this.#passes.size === 0) return;
    for (const { agreement, pass } of this.#sums.values()) {
      if (!agreement || !pass) continue;
      scope(() => {
        agreement.add(0, pass.select(0, 0));
        pass.mul_(0);
      });
    }
  }

  /** The averages of each clip; they belong to the caller's scope. Call it once. */
  finish(): WordMapsByDirection[] {
    if (this.#counts.some((count) => count === 0)) throw new Error('No attention was captured.');
    this.#endPass();
    return Array.from({ length: this.clips }, (_, clip) => this.#maps(clip));
  }

  #maps(clip: number): WordMapsByDirection {
    return scope(() => {
      const found: WordMapsByDirection = {};
      const ofClip = (x: Tensor) => x.select(1, clip).flatten(0, 1); // [groups · heads, …]
      for (const [direction, { maps, agreement }] of this.#sums)
        found[direction] = {
          maps_HTS: ofClip(maps).div(this.#counts[0]!),
          agreement_HT: agreement ? ofClip(agreement.mean(this.#passes.size)) : null,
        };
      return found;
    });
  }

  dispose(): void {
    for (const { maps, agreement, pass } of this.#sums.values()) for (const x of [maps, agreement, pass]) x?.dispose();
    this.#rows?.dispose();
  }
}
