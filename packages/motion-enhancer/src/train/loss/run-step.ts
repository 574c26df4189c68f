import { Checkpoints, gradNorm, noGrad, scope, stack, type Tensor, zeros } from '@motion-enhancer/libtorch';
import type { Aligner, Grid } from '../../align/index.js';
import type { Network, VlmModel } from '../../vlm/index.js';
import { type PreparedSample, stepInput } from '../data/prepared-sample.js';
import type { Recipe } from '../recipe.js';
import { alignedStep } from './step.js';
import { totalLoss } from './total-loss.js';

/** What all steps of a run share. */
export interface StepContext {
  vlm: VlmModel;
  aligner: Aligner;
  recipe: Recipe;
  /** Of the alignment; null without priors. */
  grid: Grid | null;
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
 */
export function accumulate(
  { vlm, aligner, recipe, grid }: StepContext,
  batch: readonly PreparedSample[],
  shares: Shares,
): BatchLosses {
  const aligned = batch.filter(({ prior }) => prior).length;
  const learned = batch.map(({ chat }) =>
    chat.labels.reduce((n, label, i) => n + (i > 0 && label !== -100 ? 1 : 0), 0),
  );
  const allLearned = learned.reduce((a, b) => a + b, 0);
  if (recipe.gradients === 'float32') wideGradients(vlm.model, batch);
  return scope(() => {
    // Read once, after the last sample: a number that is asked for makes the host wait for the device.
    const losses: { ar: Tensor; align: Tensor | null; share: number; weight: number }[] = [];
    for (const [i, sample] of batch.entries()) {
      const { prior } = sample;
      if (shares.ar === 0 && !prior) continue;
      const share = recipe.lossOver === 'tokens' ? learned[i]! / allLearned : 1 / batch.length;
      const weight = prior ? prior.weight / aligned : 0;
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
    }
    const all = stack(losses.flatMap(({ ar, align }) => (align ? [ar, align] : [ar]))).toArray();
    return sums(losses, all, aligned);
  });
}

/**
 * Gives weights of 16 bits a float32 gradient to add to: libtorch adds in the type of what is there. The tower's weights get
 * none where no sample has anything to see: they must stay as they are, without decay.
 */
function wideGradients(model: Network, batch: readonly PreparedSample[]): void {
  const sees = batch.some(({ chat }) => chat.inputs.length > 0);
  noGrad(() =>
    scope(() => {
      for (const [name, p] of model.parameters()) {
        const half = p.dtype === 'bfloat16' || p.dtype === 'float16';
        if (!p.requiresGrad || !half || p.grad || (!sees && model.groupOf(name) !== 'llm')) continue;
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
  parameters: readonly Tensor[],
): number | null {
  if (!batch.some(({ prior }) => prior)) return null;
  const normOf = (shares: Shares) => {
    accumulate(context, batch, shares);
    const norm = scope(() => {
      const gradients = parameters.flatMap(({ grad }) => grad ?? []);
      return gradients.length > 0 ? gradNorm(gradients).item() : 0;
    });
    forget([...parameters, ...context.aligner.parameters().values()]);
    return norm;
  };
  const align = normOf({ ar: 0, align: 1 });
  const ar = normOf({ ar: 1, align: 0 });
  return align / ar;
}

export function forget(parameters: readonly Tensor[]): void {
  for (const p of parameters) p.grad = null;
}
