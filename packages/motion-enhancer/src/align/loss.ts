import type { Tensor } from '@motion-enhancer/libtorch';

export type AlignmentLoss = 'norm' | 'squared' | 'min-max';

/**
 * L_MSE of one sample, Eq 15: ‖Aligner(A_VLM) − A_VDM‖₂ over all kept words and cells, un-squared as printed; the guard
 * keeps its gradient finite at zero. Options: `squared` (the norm squared), `min-max` (mean square after each row of
 * both is stretched to [0, 1]).
 * @param ours_WS Aligner(A_VLM)
 * @param prior_WS A_VDM on the same grid
 */
export function alignmentLoss(ours_WS: Tensor, prior_WS: Tensor, kind: AlignmentLoss = 'norm'): Tensor {
  if (kind === 'min-max') return stretch(ours_WS).sub(stretch(prior_WS)).square().mean();
  const squared = ours_WS.sub(prior_WS).square().sum();
  return kind === 'squared' ? squared : squared.add(1e-24).sqrt(); // Eq 15: ‖Aligner(A_VLM) − A_VDM‖₂
}

function stretch(rows_WS: Tensor): Tensor {
  const low = rows_WS.amin(-1, true);
  return rows_WS.sub(low).div(rows_WS.amax(-1, true).sub(low).clamp(1e-12));
}
