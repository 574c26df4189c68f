import { crossEntropy, type Tensor, tensor, UserError } from '@motion-enhancer/libtorch';
import type { Grid as MediaGrid, Qwen25VL } from '@motion-enhancer/models';
import {
  type Aligner,
  type AlignmentLoss,
  alignmentLoss,
  type Grid,
  resizeMaps,
  rowsOfWords,
  wordAttention,
} from '../align/index.js';

/** One sample as the VLM takes it. */
export interface StepSample {
  ids: readonly number[];
  /** −100 where no loss is taken */
  labels: readonly number[];
  /** [P, 1176] */
  patches: Tensor;
  /** In patches: frames, rows, columns of every video or image */
  grids: readonly MediaGrid[];
  /** int64 [3, 1, N] */
  positions_3BN: Tensor;
}

/** What aligns one sample: its prior on the run's grid, and where its words and its video stand in the chat. */
export interface StepPrior {
  /** A_VDM, the kept rows on the alignment grid: [words, S] */
  rows_WS: Tensor;
  grid: Grid;
  /** Token positions of each word. */
  words: readonly (readonly number[])[];
  /** [start, end) of the visual tokens, and the grid that they form after merging. */
  visual: readonly [number, number];
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
 * Forward pass of one sample with both losses of Eq 16; run it under autograd.
 * @throws UserError when no token carries loss
 */
export function alignedStep(
  model: Qwen25VL,
  aligner: Aligner,
  sample: StepSample,
  prior: StepPrior | null,
  kind: AlignmentLoss = 'norm',
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
  const targets = tensor(
    asked.map((i) => sample.labels[i + 1]!),
    { dtype: 'int64', device: model.device },
  );
  const positions = prior ? rowsOfWords(prior.words) : null;
  const visual = model.encodeVisual(sample.patches, sample.grids);
  const { logits, rows } = model.forward({
    ids: [sample.ids],
    visual,
    positions_3BN: sample.positions_3BN,
    rows: positions,
    logits: asked,
  });
  const lossAr = crossEntropy(logits.reshape(asked.length, -1).to('float32'), targets);
  if (!prior || !positions || !rows) return { lossAr, lossAlign: null, attention: null, resized: null };
  const attention = wordAttention(rows, positions, prior.words, prior.visual);
  const resized = resizeMaps(attention, prior.visualGrid, prior.grid);
  return { lossAr, lossAlign: alignmentLoss(aligner.forward(resized), prior.rows_WS, kind), attention, resized };
}
