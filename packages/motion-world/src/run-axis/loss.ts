import { alignmentLoss } from '@motion-enhancer/core/internal/align/index.js';
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

export interface RunAlignment {
  /** Aligner(A_VLM) */
  ours_RBWS: Tensor;
  /** A_VDM */
  prior_RBWS: Tensor;
  /** 1 where a word is aligned, else 0. */
  words_RBW: Tensor;
  /** [R, 1]: 1 for a run whose samples' norms are squared, else 0; null: none. */
  squared_R1: Tensor | null;
}

/**
 * L_MSE of each run: the mean of `alignmentLoss` (Eq 15) over the run's samples with a prior.
 * @returns [R]; 0 for a run without priors in the batch
 */
export function runAlignmentLoss({ ours_RBWS, prior_RBWS, words_RBW, squared_R1 }: RunAlignment): Tensor {
  return scope(() => {
    const mask = words_RBW.unsqueeze(-1);
    const [ours, prior] = [ours_RBWS.mul(mask), prior_RBWS.mul(mask)];
    const norms_RB = alignmentLoss(ours, prior, 'norm');
    const losses_RB = squared_R1
      ? norms_RB.mul(squared_R1.neg().add(1)).add(alignmentLoss(ours, prior, 'squared').mul(squared_R1))
      : norms_RB;
    const has_RB = words_RBW.amax(-1);
    return losses_RB.mul(has_RB).sum(-1).div(has_RB.sum(-1).clamp(1));
  });
}
