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
import { answerLoss } from './answer-loss.js';
import { forwardSample, type Recompute, type StepSample, type TrainableVlm } from './forward-sample.js';

export type { PatchSample, StepSample, TextSample, TileSample } from './forward-sample.js';

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

export interface StepOutput {
  /** L_AR, mean over the answer's tokens */
  lossAr: Tensor;
  /** L_MSE of Eq 15, or null without a prior */
  lossAlign: Tensor | null;
  /** A_VLM [words, S_vlm], and resized to the prior's grid [words, S] */
  attention: Tensor | null;
  resized: Tensor | null;
}

/**
 * Forward pass of one sample with both losses of Eq 16; run it under autograd. With checkpoints, its backward pass is
 * `checkpoints.backward`, whatever is computed again: the blocks that `recompute` names, and the logits of long answers.
 * @throws UserError when no token carries loss
 */
export function alignedStep(
  model: TrainableVlm,
  aligner: Aligner,
  sample: StepSample,
  prior: StepPrior | null,
  kind: AlignmentLoss = 'norm',
  checkpoints: Checkpoints | null = null,
  recompute: Recompute = 'blocks',
): StepOutput {
  // Logits are wanted only where the next token carries loss: the vocabulary is the widest layer there is.
  const asked = sample.labels.flatMap((label, i) => (i > 0 && label !== -100 ? [i - 1] : []));
  if (asked.length === 0)
    throw new UserError(
      'Expected at least one token of an answer among the labels but received none: its mean loss would be NaN.',
      {
        code: 'ERR_DATA',
      },
    );
  const positions = prior ? rowsOfWords(prior.words) : null;
  const { hidden, rows } = forwardSample(model, sample, {
    rows: positions,
    logits: [],
    checkpoints,
    recompute,
  });
  const lossAr = answerLoss(
    {
      hidden,
      head: model.weights.language_model.lm_head,
      asked,
      targets: asked.map((i) => sample.labels[i + 1]!),
      weights: sample.weights ? asked.map((i) => sample.weights![i + 1]!) : null,
    },
    checkpoints,
  );
  if (!prior || !positions || !rows) return { lossAr, lossAlign: null, attention: null, resized: null };
  const { attention, resized } = alignedRows(rows, positions, prior);
  return { lossAr, lossAlign: alignmentLoss(aligner.forward(resized), prior.rows_WS, kind), attention, resized };
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
