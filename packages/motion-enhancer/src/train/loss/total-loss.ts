import type { Tensor } from '@motion-enhancer/libtorch';

/**
 * Eq 16: L = L_AR + λ L_MSE; L_AR alone for a sample without a prior.
 * @param lossAr L_AR, and @param lossAlign L_MSE (Eq 15): scalars
 */
export function totalLoss(lossAr: Tensor, lossAlign: Tensor | null, lambda: number): Tensor {
  return lossAlign ? lossAr.add(lossAlign, lambda) : lossAr; // Eq 16
}
