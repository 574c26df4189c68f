// What `priorScale: share` scales rows of priors to: the mean sum of the start model's own rows.
import { noGrad, scope } from '@motion-enhancer/libtorch';
import { UserError } from '@motion-enhancer/support';
import { type Grid, rowsOfWords } from '../../align/index.js';
import type { Row } from '../../data/rows.js';
import type { Vlm, VlmModel } from '../../vlm/index.js';
import { disposeSample, type PreparedSample, prepareSample, stepPrior } from '../data/prepared-sample.js';
import type { PriorIndex } from '../data/prior-index.js';
import type { Recipe } from '../recipe.js';
import { alignedRows } from './step.js';

/** Most samples that are looked at. */
const SAMPLES = 32;

export interface RowSumOptions {
  vlm: Vlm;
  rows: readonly Row[];
  /** Row numbers in the order of training. */
  order: readonly number[];
  recipe: Recipe;
  index: PriorIndex;
  onNote?(message: string): void;
}

/**
 * Mean over the aligned words of the first samples of the run's order that have any (32 at most, each once) of the sum of the
 * word's row as L_MSE sees it: A_VLM on the run's grid. Where that is the grid of the visual tokens, it is the share of a
 * word's attention that falls on the video. Not in the paper; the experiment of docs/world-vlm.md scales so by default.
 * @throws UserError ERR_PRIOR where no sample of the run is aligned
 */
export async function meanRowSum({ vlm, rows, order, recipe, index, onNote }: RowSumOptions): Promise<number> {
  const sums: number[] = [];
  let samples = 0;
  for (const number of new Set(order)) {
    if (samples === SAMPLES) break;
    const row = rows[number]!;
    if (!index.has(row)) continue;
    const item = await readable(vlm, row, recipe, index);
    if (!item) continue;
    try {
      const found = rowSums(vlm, item, index.grid);
      if (found.length > 0) samples++;
      sums.push(...found);
    } finally {
      disposeSample(item);
    }
  }
  if (sums.length === 0)
    throw new UserError(
      'Expected a sample with a prior, and a word of it in its chat, for priorScale share but none of this run has one: there is nothing to measure. Take priorScale raw, or more steps.',
      { code: 'ERR_PRIOR' },
    );
  const mean = sums.reduce((a, b) => a + b, 0) / sums.length;
  onNote?.(`${scaledTo(mean)}, the mean of ${sums.length} aligned words of ${samples} samples before the first step`);
  return mean;
}

export const scaledTo = (sum: number): string =>
  `priorScale share: rows of priors are scaled to the sum ${sum.toPrecision(4)}`;

/** Null for a row that cannot be used: it is told when its turn to be learned comes. */
async function readable(vlm: Vlm, row: Row, recipe: Recipe, index: PriorIndex): Promise<PreparedSample | null> {
  try {
    return await prepareSample(vlm, row, recipe, index);
  } catch (error) {
    if (error instanceof UserError) return null;
    throw error;
  }
}

/** Of every aligned word; none of a sample without a prior. */
function rowSums(vlm: VlmModel, { chat, prior }: PreparedSample, grid: Grid): number[] {
  if (!prior) return [];
  const positions = rowsOfWords(prior.words);
  return noGrad(() =>
    scope(() => {
      const { rows } = vlm.forward(chat, { visual: vlm.encode(chat.inputs), rows: positions, logits: [] });
      const { resized } = alignedRows(rows!, positions, stepPrior(chat, prior, grid));
      return resized.to('float32').sum(-1).toArray();
    }),
  );
}
