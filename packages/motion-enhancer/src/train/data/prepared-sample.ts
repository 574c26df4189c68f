import { keep } from '@motion-enhancer/libtorch';
import type { Grid } from '../../align/index.js';
import type { Row } from '../../data/rows.js';
import { disposeChat, type PreparedChat, type ReadMedium, type StepSize, type Vlm } from '../../vlm/index.js';
import type { StepInput, StepPrior } from '../loss/step.js';
import type { Recipe } from '../recipe.js';
import { type LearnedChat, learnedChat } from './learned-chat.js';
import type { PlacedPrior, PriorIndex, RowScale } from './prior-index.js';

/**
 * The second of a sample's three shapes (row → prepared sample → what the step sees): tokens, labels, media and prior.
 * Free it with `disposeSample`.
 */
export interface PreparedSample {
  row: Row;
  chat: LearnedChat;
  prior: PlacedPrior | null;
  /** Selected words of its prior that the chat does not have. */
  droppedWords: number;
}

/** @throws UserError when the row's files or its prior cannot be read */
export async function prepareSample(
  vlm: Vlm,
  row: Row,
  recipe: Recipe & RowScale,
  index: PriorIndex | null,
  read?: ReadMedium,
): Promise<PreparedSample> {
  const chat = await learnedChat(vlm, row, recipe, read);
  try {
    let droppedWords = 0;
    const count = (words: number) => {
      droppedWords = words;
    };
    const text = { text: chat.text, spans: chat.tokenSpans, afterVideo: endOfVideo(chat) };
    const prior = videoOf(chat) && index ? index.place(row, text, recipe, vlm.device, count) : null;
    return { row, chat, prior: keep(prior), droppedWords };
  } catch (error) {
    disposeChat(chat);
    throw error;
  }
}

/** What a sample's work depends on. */
export function sizeOf({ ids, labels, inputs }: PreparedChat): StepSize {
  return { tokens: ids.length, logits: labels.filter((label) => label !== -100).length, media: inputs };
}

export function disposeSample({ chat, prior }: PreparedSample): void {
  disposeChat(chat);
  prior?.rows_WS.dispose();
}

/** A sample as the step sees it. @param grid of the alignment; null: the step leaves the prior out */
export function stepInput({ chat, prior }: Pick<PreparedSample, 'chat' | 'prior'>, grid: Grid | null): StepInput {
  return { chat, prior: prior && grid ? stepPrior(chat, prior, grid) : null };
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
