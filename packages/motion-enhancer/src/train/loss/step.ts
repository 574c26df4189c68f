import { type Checkpoints, type Tensor, tensor } from '@motion-enhancer/libtorch';
import { UserError } from '@motion-enhancer/support';
import {
  type Aligner,
  type AlignmentLoss,
  alignmentLoss,
  type Grid,
  resizeMaps,
  rowsOfWords,
  wordAttention,
} from '../../align/index.js';
import type { ChatInput, PixelInput, VlmModel } from '../../vlm/index.js';
import { answerLoss } from './answer-loss.js';
import { checkpointsOf, type Recompute } from './recompute.js';

/** What aligns one sample: its prior on the run's grid, and where its words and its video stand in the chat. */
export interface StepPrior {
  /** A_VDM, the kept rows on the alignment grid: [words, S] */
  rows_WS: Tensor;
  grid: Grid;
  /** Token positions of each word. */
  words: readonly (readonly number[])[];
  /** [start, end) of the visual tokens, and the grid that they form after merging. */
  visual: readonly [number, number];
  /** The visual tokens one by one, where a model has text between frames; else they are all of `visual`. */
  visualPositions?: readonly number[];
  visualGrid: Grid;
}

/** A chat as the step sees it. */
export interface StepChat extends ChatInput {
  /** −100 where no loss is taken */
  labels: readonly number[];
  /** Of the loss at each place; absent or null where all weigh alike. */
  weights?: readonly number[] | null;
  /** Images and videos, in order. */
  inputs: readonly PixelInput[];
}

/** The last of a sample's three shapes (row → prepared sample → what the step sees). */
export interface StepInput {
  chat: StepChat;
  prior: StepPrior | null;
}

export interface StepOutput {
  /** L_AR, mean over the answer's tokens */
  lossAr: Tensor;
  /** L_MSE of Eq 15, or null without a prior */
  lossAlign: Tensor | null;
  /** A_VLM [words, S_vlm], and resized to the prior's grid [words, S] */
  attention: Tensor | null;
  resized: Tensor | null;
}

export interface StepOptions {
  /** Form of L_MSE. Default: the norm of Eq 15. */
  kind?: AlignmentLoss;
  /** With them, the backward pass is `checkpoints.backward`, whatever is computed again. */
  checkpoints?: Checkpoints | null;
  /** Default: the blocks of tower and decoder. The logits of long answers always are. */
  recompute?: Recompute;
}

/**
 * Forward pass of one sample with both losses of Eq 16; run it under autograd.
 * @throws UserError when no token carries loss
 */
export function alignedStep(
  vlm: VlmModel,
  aligner: Aligner,
  { chat, prior }: StepInput,
  { kind = 'norm', checkpoints = null, recompute = 'blocks' }: StepOptions = {},
): StepOutput {
  const asked = placesBeforeLabels(chat.labels);
  const positions = prior ? rowsOfWords(prior.words) : null;
  const { tower, decoder } = checkpointsOf(recompute, checkpoints);
  // Logits are wanted only where the next token carries loss: the vocabulary is the widest layer there is.
  const { hidden, rows } = vlm.forward(chat, {
    visual: vlm.encode(chat.inputs, tower),
    rows: positions,
    logits: [],
    checkpoints: decoder,
  });
  const lossAr = answerLoss(
    {
      hidden,
      logits: (chosen) => vlm.logits(chosen),
      asked,
      targets: asked.map((i) => chat.labels[i + 1]!),
      weights: chat.weights ? asked.map((i) => chat.weights![i + 1]!) : null,
    },
    checkpoints,
  );
  if (!prior || !positions || !rows) return { lossAr, lossAlign: null, attention: null, resized: null };
  const { attention, resized } = alignedRows(rows, positions, prior);
  return { lossAr, lossAlign: alignmentLoss(aligner.forward(resized), prior.rows_WS, kind), attention, resized };
}

/** Places whose next token carries loss. @throws UserError ERR_DATA when there is none */
function placesBeforeLabels(labels: readonly number[]): number[] {
  const places = labels.flatMap((label, i) => (i > 0 && label !== -100 ? [i - 1] : []));
  if (places.length > 0) return places;
  throw new UserError(
    'Expected at least one token of an answer among the labels but received none: its mean loss would be NaN.',
    { code: 'ERR_DATA' },
  );
}

/**
 * A_VLM of a sample's words, and what L_MSE sees of it (docs/method.md 5.1, 5.2).
 * @param rows_RN attention rows of `positions`, those of `rowsOfWords`: [R, N]
 * @returns [words, S_vlm], and resized to the prior's grid [words, S]; differentiable
 */
export function alignedRows(
  rows_RN: Tensor,
  positions: readonly number[],
  prior: Omit<StepPrior, 'rows_WS'>,
): { attention: Tensor; resized: Tensor } {
  const attention = visualAttention(rows_RN, positions, prior);
  return { attention, resized: resizeMaps(attention, prior.visualGrid, prior.grid) };
}

/** [words, visual tokens] */
function visualAttention(rows_RN: Tensor, positions: readonly number[], prior: Omit<StepPrior, 'rows_WS'>): Tensor {
  const { words, visual, visualPositions } = prior;
  if (!visualPositions) return wordAttention(rows_RN, positions, words, visual);
  const index = tensor([...visualPositions], { dtype: 'int64', device: rows_RN.device });
  return wordAttention(rows_RN.indexSelect(1, index), positions, words, [0, visualPositions.length]);
}
