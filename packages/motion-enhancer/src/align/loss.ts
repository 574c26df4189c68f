import type { Tensor } from '@motion-enhancer/libtorch';

export type AlignmentLoss = 'norm' | 'squared' | 'min-max';

/**
 * L_MSE of one sample, Eq 15: ‖Aligner(A_VLM) − A_VDM‖₂ over all kept words and cells, un-squared as printed; the guard
 * keeps its gradient finite at zero. Options: `squared` (the norm squared), `min-max` (mean square after each row of
 * both is stretched to [0, 1]).
 * @param ours Aligner(A_VLM): [words, S], or of many samples at once: [..., words, S]
 * @param prior A_VDM on the same grid, of the same shape
 * @returns the loss of each sample: a scalar, or [...]
 */
export function alignmentLoss(ours: Tensor, prior: Tensor, kind: AlignmentLoss = 'norm'): Tensor {
  if (kind === 'min-max') return stretch(ours).sub(stretch(prior)).square().mean(WORDS_AND_CELLS);
  const squared = ours.sub(prior).square().sum(WORDS_AND_CELLS);
  return kind === 'squared' ? squared : squared.add(1e-24).sqrt(); // Eq 15: ‖Aligner(A_VLM) − A_VDM‖₂
}

const WORDS_AND_CELLS = [-2, -1];

function stretch(rows: Tensor): Tensor {
  const low = rows.amin(-1, true);
  return rows.sub(low).div(rows.amax(-1, true).sub(low).clamp(1e-12));
}
