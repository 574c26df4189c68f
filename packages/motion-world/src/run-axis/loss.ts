import { aten, scope, type Tensor } from '@motion-enhancer/libtorch';
import { IGNORE_INDEX } from '@motion-enhancer/models';

/** Cross entropy of every learned token, 0 elsewhere: logits [R, B, K, V], targets [R, B, K] → [R, B, K] float32 */
function tokenLosses(logits: Tensor, targets_RBK: Tensor): Tensor {
  const V = logits.size(-1);
  const all = aten.cross_entropy_loss(logits.reshape(-1, V).to('float32'), targets_RBK.reshape(-1), {
    reduction: 0,
    ignore_index: IGNORE_INDEX,
  });
  return all.view(...targets_RBK.shape);
}

/**
 * L_AR of each run: the mean over its samples of the mean over a sample's learned tokens.
 * @param logits [R, B, K, V]
 * @param targets_RBK int64, −100 where nothing is learned
 * @returns [R]
 */
export function runCrossEntropy(logits: Tensor, targets_RBK: Tensor): Tensor {
  return scope(() => {
    const learned = targets_RBK.ne(IGNORE_INDEX).to('float32');
    return tokenLosses(logits, targets_RBK).sum(-1).div(learned.sum(-1).clamp(1)).mean(-1);
  });
}

/** Log-likelihood of each sample's whole reply: [R, B] */
export const runLikelihood = (logits: Tensor, targets_RBK: Tensor): Tensor =>
  scope(() => tokenLosses(logits, targets_RBK).sum(-1).neg());

/**
 * L_MSE of each run (Eq 15): ‖A_VLM − A_VDM‖₂ over a sample's words and cells, mean over the run's samples with a prior.
 * @param ours_RBWS Aligner(A_VLM)
 * @param prior_RBWS A_VDM
 * @param words_RBW 1 where a word is aligned, else 0
 * @param squared_R1 1 for a run whose samples' norms are squared (`alignmentLoss`'s option), else 0; null: none
 * @returns [R]; 0 for a run without priors in the batch
 */
export function runAlignmentLoss(
  ours_RBWS: Tensor,
  prior_RBWS: Tensor,
  words_RBW: Tensor,
  squared_R1: Tensor | null = null,
): Tensor {
  return scope(() => {
    const squared = ours_RBWS.sub(prior_RBWS).mul(words_RBW.unsqueeze(-1)).square().sum([-1, -2]);
    const has = words_RBW.amax(-1); // [R, B]
    const norms = squared.add(1e-24).sqrt();
    const losses = squared_R1 ? norms.mul(squared_R1.neg().add(1)).add(squared.mul(squared_R1)) : norms;
    return losses.mul(has).sum(-1).div(has.sum(-1).clamp(1));
  });
}
