import { basename, extname } from 'node:path';
import { scope, type Tensor, tensor } from '@motion-enhancer/libtorch';
import { alignmentGrid, type Grid, placeWords, resizeMaps, scaleRows, sharpenRows } from '../../align/index.js';
import { type Row, videoFileOf } from '../../data/rows.js';
import { topIndices } from '../../prior/selection/heads.js';
import { motionSaliency } from '../../prior/selection/tokens.js';
import type { PriorInfo } from '../../prior/store/prior.js';
import { PriorStore } from '../../prior/store/store.js';
import type { Recipe } from '../recipe.js';
import { chosenMaps, gateWeight } from './chosen-maps.js';

/** The prior of one sample, cut and resized for this run. */
export interface PlacedPrior {
  /** [words, S] on the run's grid */
  rows_WS: Tensor;
  /** Token positions of each word in the chat. */
  words: number[][];
  /** Kept words that the chat does not have. */
  dropped: number;
  /** Of this sample's L_MSE: 1 without a gate. */
  weight: number;
}

/** With `priorScale: share` what was measured before the first step. */
export interface RowScale {
  /** Each row of a prior is scaled to this sum; null or absent: rows stay as they are. */
  rowSum?: number | null;
}

export type PlaceRecipe = Pick<Recipe, 'heads' | 'words' | 'wordRatio'> &
  Partial<Pick<Recipe, 'headRatio' | 'sharpen' | 'gate' | 'gateFull'>> &
  RowScale;

export interface ChatText {
  text: string;
  spans: readonly [number, number][];
  afterVideo: number;
}

/** Whose prior is looked for. */
export type PriorOwner = Pick<Row, 'id' | 'fileId' | 'video' | 'media'>;

const stem = (path: string) => basename(path, extname(path));

/** The priors of a run by sample id, and the one grid that they are resized to. */
export class PriorIndex {
  readonly grid: Grid;
  readonly #store: PriorStore;
  /** Of each id, the newest first. */
  readonly #infos = new Map<string, PriorInfo[]>();

  constructor(dir: string, maxCells: number) {
    this.#store = new PriorStore(dir, { create: false });
    for (const info of this.#store.named()) {
      const same = this.#infos.get(info.id);
      if (same) same.push(info);
      else this.#infos.set(info.id, [info]);
    }
    for (const list of this.#infos.values()) list.sort((a, b) => (a.createdAt < b.createdAt ? 1 : -1));
    this.grid = alignmentGrid(
      [...this.#infos.values()].map(([newest]) => newest!.grid),
      maxCells,
    );
  }

  get size(): number {
    return this.#infos.size;
  }

  has(row: PriorOwner): boolean {
    return this.#find(row) !== null;
  }

  /** Whether the prior of a row can be had over these heads: all or single ones are stored on request only. */
  hasHeads(row: PriorOwner, heads: Recipe['heads']): boolean {
    const info = this.#find(row);
    if (!info) return false;
    return heads === 'kept' || this.#store.holds(info.key, heads === 'all' ? ['all_heads', 'heads'] : ['heads']);
  }

  /**
   * The prior of a row: of those of its id the newest of its own video, by the file's name; of a sample that was extracted
   * again with other options the latest counts. Where the id is a name of its own, the file may have been renamed since;
   * files without ids all have a row-7.
   */
  #find(row: PriorOwner): PriorInfo | null {
    const file = stem(videoFileOf(row));
    const ofVideo = (id: string) => this.#infos.get(id)?.find((info) => stem(info.video.file) === file);
    const own = ofVideo(row.id) ?? (row.fileId === undefined ? undefined : ofVideo(row.fileId));
    if (own) return own;
    const named = /^row-\d+$/.test(row.id) ? [] : (this.#infos.get(row.id) ?? []);
    return new Set(named.map(({ video }) => stem(video.file))).size === 1 ? named[0]! : null;
  }

  /** Whether any prior comes from a model with random weights. */
  get random(): boolean {
    return [...this.#infos.values()].some(([newest]) => newest!.model.weights === 'random');
  }

  /** What the priors are, as text: the same samples with the same keys, whatever the folder's name. */
  get fingerprint(): string {
    return [...this.#infos]
      .flatMap(([id, list]) => list.map(({ key }) => `${id} ${key}`))
      .sort()
      .join('\n');
  }

  /**
   * Selects words (MTTI over the chosen heads), finds them in the chat, sharpens their maps, resizes them, scales
   * them. Selection and gate look at the maps as they were extracted.
   * @param onDropped told how many selected words the chat does not have, also where it has none
   * @returns null if no word is found
   */
  place(
    row: PriorOwner,
    chat: ChatText,
    recipe: PlaceRecipe,
    device: string,
    onDropped?: (words: number) => void,
  ): PlacedPrior | null {
    const info = this.#find(row);
    if (!info) return null;
    return scope(() => {
      const prior = this.#store.read(info.key);
      const maps = chosenMaps(prior, recipe);
      const kept =
        recipe.words === 'all'
          ? info.words.map((_, i) => i)
          : topIndices(motionSaliency(maps, info.grid.frames).ms, recipe.wordRatio);
      const placed = placeWords(
        info.text,
        kept.map((i) => info.words[i]!),
        chat,
      );
      onDropped?.(kept.length - placed.length);
      if (placed.length === 0) return null;
      const index = tensor(
        placed.map((p) => kept[p.index]!),
        { dtype: 'int64' },
      );
      const rows = maps.indexSelect(0, index);
      const resized = resizeMaps(sharpenRows(rows, recipe.sharpen ?? 1), info.grid, this.grid);
      return {
        rows_WS: scaleRows(resized, recipe.rowSum ?? null).to(device),
        words: placed.map((p) => p.tokens),
        dropped: kept.length - placed.length,
        weight: recipe.gate === 'focus' ? gateWeight(rows, recipe.gateFull ?? 1) : 1,
      };
    });
  }
}
