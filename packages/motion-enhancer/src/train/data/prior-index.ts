import { setImmediate } from 'node:timers/promises';
import { scope, type Tensor, tensor } from '@motion-enhancer/libtorch';
import { alignmentGrid, type Grid, placeWords, resizeMaps, scaleRows, sharpenRows } from '../../align/index.js';
import { topIndices } from '../../prior/selection/heads.js';
import { motionSaliency } from '../../prior/selection/tokens.js';
import type { PriorInfo } from '../../prior/store/prior.js';
import { PriorStore } from '../../prior/store/store.js';
import type { Recipe } from '../recipe.js';
import { chosenMaps, gateWeight } from './chosen-maps.js';
import { matchPrior, type PriorMatch, type PriorOwner } from './prior-match.js';

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

/** Videos that no run has hashed yet are read once, which may take hours: told so often. */
const TELL_MS = 10_000;

/** The priors of a run, and the one grid that they are resized to. */
export class PriorIndex {
  readonly grid: Grid;
  readonly #store: PriorStore;
  /** Of each id, the newest first. */
  readonly #infos = new Map<string, PriorInfo[]>();
  readonly #byText = new Map<string, PriorInfo[]>();
  readonly #matches = new WeakMap<PriorOwner, PriorMatch>();

  constructor(dir: string, maxCells: number) {
    this.#store = new PriorStore(dir, { create: false });
    for (const info of this.#store.named()) {
      add(this.#infos, info.id, info);
      add(this.#byText, info.text.trim(), info);
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

  /** The key of a row's prior; null where it has none. */
  keyOf(row: PriorOwner): string | null {
    return this.#find(row)?.key ?? null;
  }

  /** Why a row has no prior; null where it has one. */
  lacks(row: PriorOwner): string | null {
    const match = this.#match(row);
    return 'none' in match ? match.none : null;
  }

  /** Finds the priors of all rows, with turns of the event loop between: videos that are not known yet are read. */
  async findAll(rows: readonly PriorOwner[], tell?: (line: string) => void): Promise<void> {
    let last = performance.now();
    for (const [i, row] of rows.entries()) {
      this.#match(row);
      if (i % 64 === 63) await setImmediate();
      if (performance.now() - last < TELL_MS) continue;
      last = performance.now();
      tell?.(`priors: looked for those of ${i + 1} of ${rows.length} rows (videos are hashed once, then known)`);
    }
  }

  #match(row: PriorOwner): PriorMatch {
    let match = this.#matches.get(row);
    if (!match) {
      match = matchPrior(row, this.#byText);
      this.#matches.set(row, match);
    }
    return match;
  }

  #find(row: PriorOwner): PriorInfo | null {
    const match = this.#match(row);
    return 'info' in match ? match.info : null;
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

function add(lists: Map<string, PriorInfo[]>, name: string, info: PriorInfo): void {
  const same = lists.get(name);
  if (same) same.push(info);
  else lists.set(name, [info]);
}
