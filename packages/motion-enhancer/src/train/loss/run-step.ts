import { Checkpoints, noGrad, scope, stack, type Tensor, zeros } from '@motion-enhancer/libtorch';
import type { Aligner, Grid } from '../../align/index.js';
import type { Network, VlmModel } from '../../vlm/index.js';
import { type PreparedSample, stepInput } from '../data/prepared-sample.js';
import type { SharedPasses, TrainedWeights } from '../parallel/trained-weights.js';
import type { Recipe } from '../recipe.js';
import { type BatchTotals, learnedTokens, totalsOf } from './batch-totals.js';
import { alignedStep } from './step.js';
import { totalLoss } from './total-loss.js';

/** What all steps of a run share. */
export interface StepContext {
  vlm: VlmModel;
  aligner: Aligner;
  recipe: Recipe;
  /** Of the alignment; null without priors. */
  grid: Grid | null;
  /** With weights that are gathered for each pass. */
  passes?: SharedPasses | null;
}

/** Losses of a batch, as numbers. */
export interface BatchLosses {
  /** Mean over samples or tokens, as the recipe says. */
  ar: number;
  /** L_MSE, mean over the samples that have a prior; null if none has. */
  align: number | null;
  /** Mean of weight · L_MSE over the same samples; 0 if none has. */
  gated: number;
}

/** Shares of the two losses in what is differentiated. */
export interface Shares {
  ar: number;
  align: number;
}

/**
 * Forward and backward passes of a batch, sample by sample: gradients accumulate in the parameters.
 * L_AR is a mean over the batch, L_MSE over those of its samples that have a prior.
 * @param totals of the whole batch, where this rank has a part of it: losses are then this part's shares
 */
export function accumulate(
  { vlm, aligner, recipe, grid, passes = null }: StepContext,
  batch: readonly PreparedSample[],
  shares: Shares,
  totals: BatchTotals = totalsOf(batch),
): BatchLosses {
  const { aligned } = totals;
  if (recipe.gradients === 'float32') wideGradients(vlm.model, totals.sees, passes);
  return scope(() => {
    // Read once, after the last sample: a number that is asked for makes the host wait for the device.
    const losses: { ar: Tensor; align: Tensor | null; share: number; weight: number }[] = [];
    for (const sample of batch) {
      const { prior } = sample;
      const share = recipe.lossOver === 'tokens' ? learnedTokens(sample) / totals.learned : 1 / totals.samples;
      const weight = prior ? prior.weight / aligned : 0;
      passes?.begin(totals.sees);
      if (shares.ar === 0 && !prior) {
        passes?.end();
        continue;
      }
      const checkpoints = new Checkpoints();
      try {
        const { ar, align } = scope(() => {
          const input = stepInput(sample, shares.align === 0 ? null : grid);
          const step = alignedStep(vlm, aligner, input, {
            kind: recipe.alignmentLoss,
            checkpoints,
            recompute: recipe.recompute,
          });
          const own = step.lossAr.mul(shares.ar * share);
          checkpoints.backward(totalLoss(own, step.lossAlign, shares.align * weight));
          return { ar: step.lossAr.detach(), align: step.lossAlign?.detach() ?? null };
        });
        losses.push({ ar, align, share, weight });
      } finally {
        checkpoints.close();
      }
      passes?.end();
    }
    // Other ranks have a sample more: what they gather and reduce needs this one.
    for (let i = batch.length; passes && i < totals.passes; i++) {
      passes.begin(totals.sees);
      passes.end();
    }
    if (losses.length === 0) return { ar: 0, align: null, gated: 0 };
    const all = stack(losses.flatMap(({ ar, align }) => (align ? [ar, align] : [ar]))).toArray();
    return sums(losses, all, aligned);
  });
}

/**
 * Gives weights of 16 bits a float32 gradient to add to: libtorch adds in the type of what is there. The tower's weights get
 * none where no sample has anything to see: they must stay as they are, without decay.
 */
function wideGradients(model: Network, sees: boolean, passes: SharedPasses | null): void {
  noGrad(() =>
    scope(() => {
      for (const [name, p] of model.parameters()) {
        const half = p.dtype === 'bfloat16' || p.dtype === 'float16';
        // Weights that come and go take their gradients to float32 shards themselves.
        if (passes?.carries(p) || !p.requiresGrad || !half || p.grad || (!sees && model.groupOf(name) !== 'llm'))
          continue;
        p.grad = zeros(p.shape, { dtype: 'float32', device: p.device });
      }
    }),
  );
}

function sums(
  losses: readonly { align: Tensor | null; share: number; weight: number }[],
  values: readonly number[],
  aligned: number,
): BatchLosses {
  let at = 0;
  let ar = 0;
  let align = 0;
  let gated = 0;
  for (const loss of losses) {
    ar += loss.share * values[at++]!;
    if (!loss.align) continue;
    const value = values[at++]!;
    align += value / aligned;
    gated += loss.weight * value;
  }
  return { ar, align: losses.some((loss) => loss.align) ? align : null, gated };
}

/**
 * ‖∇L_MSE‖ / ‖∇L_AR‖ over the parameters of the VLM, the aligner's left out: two passes over the batch, whose gradients
 * are let go. Null where the batch has no prior.
 */
export function gradientRatio(
  context: StepContext,
  batch: readonly PreparedSample[],
  weights: TrainedWeights,
  totals: BatchTotals = totalsOf(batch),
): number | null {
  if (totals.aligned === 0) return null;
  const normOf = (shares: Shares) => {
    weights.begin();
    accumulate(context, batch, shares, totals);
    weights.reduce();
    const norm = weights.norm('vlm');
    weights.forget();
    return norm;
  };
  const align = normOf({ ar: 0, align: 1 });
  const ar = normOf({ ar: 1, align: 0 });
  return align / ar;
}

export function forget(parameters: readonly Tensor[]): void {
  for (const p of parameters) p.grad = null;
}
