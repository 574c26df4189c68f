import { cat, keep, noGrad, scope } from '@motion-enhancer/libtorch';
import type { Grid } from '../../align/index.js';
import type { Row } from '../../data/rows.js';
import type { PreparedChat, ReadMedium, Vlm } from '../../vlm/index.js';
import type { TrainableVlm } from '../loss/forward-sample.js';
import type { StepPrior, StepSample } from '../loss/step.js';
import type { Recipe } from '../recipe.js';
import { patchesOf, type SampleSize } from '../record/flops.js';
import type { PlacedPrior, PriorIndex, RowScale } from './prior-index.js';
import { disposeSample, type PreparedSample, prepareSample } from './sample.js';

/** A prepared sample with its prior, if it has one. Free it with `disposeItem`. */
export interface BatchItem {
  row: Row;
  chat: PreparedSample;
  prior: PlacedPrior | null;
  /** Selected words of its prior that the chat does not have. */
  droppedWords: number;
}

/** @throws UserError when the row's files or its prior cannot be read */
export async function prepareItem(
  vlm: Vlm,
  row: Row,
  recipe: Recipe & RowScale,
  index: PriorIndex | null,
  read?: ReadMedium,
): Promise<BatchItem> {
  const chat = await prepareSample(vlm, row, recipe, read);
  try {
    let droppedWords = 0;
    const count = (words: number) => {
      droppedWords = words;
    };
    const text = { text: chat.text, spans: chat.tokenSpans, afterVideo: endOfVideo(chat) };
    const prior = videoOf(chat) && index ? index.place(row, text, recipe, vlm.model.device, count) : null;
    return { row, chat, prior: keep(prior), droppedWords };
  } catch (error) {
    disposeSample(chat);
    throw error;
  }
}

/** What a sample's work depends on. */
export function sizeOf(model: TrainableVlm, { ids, labels, inputs }: PreparedChat): SampleSize {
  return {
    tokens: ids.length,
    asked: labels.filter((label) => label !== -100).length,
    patches: inputs.reduce((n, { pixels }) => n + patchesOf(model, pixels), 0),
  };
}

export function disposeItem({ chat, prior }: BatchItem): void {
  disposeSample(chat);
  prior?.rows_WS.dispose();
}

/** The sample as the step takes it; tensors made here belong to the caller's scope. */
export function stepSample({ ids, labels, weights, inputs, positions }: PreparedSample): StepSample {
  const pixels =
    inputs.length < 2 ? inputs[0]?.pixels : noGrad(() => scope(() => cat(inputs.map((input) => input.pixels))));
  if (positions) {
    const tokens = { ids, labels, weights, positions_3BN: positions };
    return pixels ? { ...tokens, patches: pixels, grids: inputs.map(({ grid }) => grid) } : tokens;
  }
  return pixels ? { ids, labels, weights, tiles: pixels } : { ids, labels, weights };
}

/** The prior as the step takes it: it is one of the sample's first video. */
export function stepPrior(chat: PreparedChat, prior: PlacedPrior, grid: Grid): StepPrior {
  const { positions, grid: visual } = videoOf(chat)!;
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

const videoOf = ({ media }: PreparedChat) => media.find(({ type }) => type === 'video');

/** First place after the video's tokens: words before it cannot see them all. */
function endOfVideo(chat: PreparedChat): number {
  return (videoOf(chat)?.positions.at(-1) ?? -1) + 1;
}
