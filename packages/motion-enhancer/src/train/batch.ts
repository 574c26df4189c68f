import { keep, UserError } from '@motion-enhancer/libtorch';
import type { Grid } from '../align/index.js';
import type { Row } from '../data/rows.js';
import type { PreparedChat, Vlm } from '../vlm/index.js';
import type { PlacedPrior, PriorIndex } from './prior-index.js';
import type { Recipe } from './recipe.js';
import { disposeSample, prepareSample } from './sample.js';
import type { StepPrior, StepSample } from './step.js';

/** A prepared sample with its prior, if it has one. Free it with `disposeItem`. */
export interface BatchItem {
  row: Row;
  chat: PreparedChat;
  prior: PlacedPrior | null;
}

export interface BatchSource {
  vlm: Vlm;
  rows: readonly Row[];
  /** Row numbers in the order of training. */
  order: readonly number[];
  recipe: Recipe;
  index: PriorIndex | null;
  onWarning?(message: string): void;
}

export interface NextBatch {
  (size: number): Promise<BatchItem[]>;
  /** Rows that could not be used. */
  readonly broken: ReadonlySet<number>;
  close(): Promise<void>;
}

/**
 * Samples in training order. The next one is decoded while the present one is computed. A row that cannot be used is
 * told once and replaced by the one that follows it.
 * @throws UserError when no row can be used
 */
export function batches({ vlm, rows, order, recipe, index, onWarning }: BatchSource): NextBatch {
  const broken = new Set<number>();
  let place = 0;
  let ahead: Promise<BatchItem | null> | null = null;

  const prepare = async (number: number): Promise<BatchItem | null> => {
    const row = rows[number]!;
    if (broken.has(number)) return null;
    let chat: PreparedChat | undefined;
    try {
      chat = await prepareSample(vlm, row, recipe);
      const text = { text: chat.text, spans: chat.tokenSpans, afterVideo: endOfVideo(chat) };
      return { row, chat, prior: keep(index?.place(row.id, text, recipe, vlm.model.device) ?? null) };
    } catch (error) {
      if (chat) disposeSample(chat);
      if (!(error instanceof UserError)) throw error;
      broken.add(number);
      onWarning?.(`row ${row.id} is left out: ${error.message}`);
      if (broken.size === rows.length) {
        throw new UserError(`None of the ${rows.length} rows can be used. The last: ${error.message}`, {
          code: 'ERR_DATA',
          cause: error,
        });
      }
      return null;
    }
  };
  // A replacement may run past the planned end: the order then starts over.
  const start = () => prepare(order[place++ % order.length]!);

  const next = async (size: number): Promise<BatchItem[]> => {
    const items: BatchItem[] = [];
    while (items.length < size) {
      const present = ahead ?? start();
      ahead = null;
      let item: BatchItem | null;
      try {
        item = await present;
      } catch (error) {
        items.forEach(disposeItem);
        throw error;
      }
      ahead = place < order.length ? start() : null;
      // A failure of the next sample is told when its turn comes, not as an unhandled rejection.
      ahead?.catch(() => {});
      if (item) items.push(item);
    }
    return items;
  };
  const close = async () => {
    const item = await ahead?.catch(() => null);
    if (item) disposeItem(item);
    ahead = null;
  };
  return Object.assign(next, { broken, close });
}

export function disposeItem({ chat, prior }: BatchItem): void {
  disposeSample(chat);
  prior?.rows_WS.dispose();
}

export function stepSample({ ids, labels, inputs, positions }: PreparedChat): StepSample {
  const [video] = inputs;
  return positions
    ? { ids, labels, patches: video!.pixels, grids: [video!.grid], positions_3BN: positions }
    : { ids, labels, tiles: video!.pixels };
}

export function stepPrior(chat: PreparedChat, prior: PlacedPrior, grid: Grid): StepPrior {
  const { positions, grid: visual } = chat.media[0]!;
  const [frames, height, width] = visual;
  return {
    rows_WS: prior.rows_WS,
    words: prior.words,
    grid,
    visual: [positions[0]!, endOfVideo(chat)],
    visualPositions: positions,
    visualGrid: { frames, height, width },
  };
}

/** First place after the video's tokens: words before it cannot see them all. */
function endOfVideo({ media }: PreparedChat): number {
  return media[0]!.positions.at(-1)! + 1;
}
