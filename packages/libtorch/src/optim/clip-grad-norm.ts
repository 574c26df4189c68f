import { noGrad } from '../autograd.js';
import { stack } from '../functional.js';
import { aten } from '../operators.js';
import { scope } from '../scope.js';
import type { Tensor } from '../tensor.js';

/** The Euclidean norm of all gradients together, computed in float32 (float64 where there is one): a scalar tensor on the first one's device. */
export function gradNorm(grads: readonly (Tensor | null)[]): Tensor {
  return scope(() =>
    noGrad(() => {
      const present = grads.filter((g) => g !== null);
      const dtype = present.some((g) => g.dtype === 'float64') ? 'float64' : 'float32';
      const norms = aten._foreach_norm(present, { ord: 2, dtype });
      return stack(norms.map((n) => n.to(present[0]!.device))).norm();
    }),
  );
}

/**
 * Scales the gradients, in place, so that their norm is at most `max` (torch.nn.utils.clip_grad_norm_).
 * @param norm their norm, where the caller has it already (summed over ranks, say)
 * @returns the norm before
 */
export function clipGradNorm(grads: readonly (Tensor | null)[], max: number, norm?: number): number {
  const present = grads.filter((g) => g !== null);
  if (present.length === 0) return 0;
  const before = norm ?? scope(() => gradNorm(present).item());
  const factor = clipFactor(before, max);
  if (factor !== 1) noGrad(() => aten._foreach_mul_(present, factor));
  return before;
}

/**
 * What gradients of this norm are scaled by, so that their norm is at most `max`; 1: they stay. NaN and infinity stay
 * visible: they are the caller's to judge.
 */
export function clipFactor(norm: number, max: number): number {
  const factor = max / (norm + 1e-6);
  return Math.min(factor, 1);
}
