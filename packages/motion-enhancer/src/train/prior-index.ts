import { scope, type Tensor, tensor } from '@motion-enhancer/libtorch';
import { alignmentGrid, type Grid, placeWords, resizeMaps } from '../align/index.js';
import { topIndices } from '../prior/heads.js';
import type { PriorInfo } from '../prior/prior.js';
import { PriorStore } from '../prior/store.js';
import { motionSaliency } from '../prior/tokens.js';
import { chosenMaps, gateWeight } from './chosen-maps.js';
import type { Recipe } from './recipe.js';

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

export type PlaceRecipe = Pick<Recipe, 'heads' | 'words' | 'wordRatio'> &
  Partial<Pick<Recipe, 'headRatio' | 'gate' | 'gateFull'>>;

export interface ChatText {
  text: string;
  spans: readonly [number, number][];
  afterVideo: number;
}

/** The priors of a run by sample id, and the one grid that they are resized to. */
export class PriorIndex {
  readonly grid: Grid;
  readonly #store: PriorStore;
  readonly #infos: Map<string, PriorInfo>;

  constructor(dir: string, maxCells: number) {
    this.#store = new PriorStore(dir, { create: false });
    // Of a sample that was extracted again with other options the latest counts.
    this.#infos = this.#store.samples();
    this.grid = alignmentGrid(
      [...this.#infos.values()].map((info) => info.grid),
      maxCells,
    );
  }

  get size(): number {
    return this.#infos.size;
  }

  has(id: string): boolean {
    return this.#infos.has(id);
  }

  /** Whether any prior comes from a model with random weights. */
  get random(): boolean {
    return [...this.#infos.values()].some((info) => info.model.weights === 'random');
  }

  /** What the priors are, as text: the same samples with the same keys, whatever the folder's name. */
  get fingerprint(): string {
    return [...this.#infos]
      .map(([id, { key }]) => `${id} ${key}`)
      .sort()
      .join('\n');
  }

  /**
   * Selects words (MTTI over the chosen heads), finds them in the chat, resizes their maps.
   * @param onDropped told how many selected words the chat does not have, also where it has none
   * @returns null if no word is found
   */
  place(
    id: string,
    chat: ChatText,
    recipe: PlaceRecipe,
    device: string,
    onDropped?: (words: number) => void,
  ): PlacedPrior | null {
    const info = this.#infos.get(id);
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
      return {
        rows_WS: resizeMaps(rows, info.grid, this.grid).to(device),
        words: placed.map((p) => p.tokens),
        dropped: kept.length - placed.length,
        weight: recipe.gate === 'focus' ? gateWeight(rows, recipe.gateFull ?? 1) : 1,
      };
    });
  }
}
