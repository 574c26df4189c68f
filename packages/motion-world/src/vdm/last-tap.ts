import type { Tensor } from '@motion-enhancer/libtorch';

/*
 * The world's autoencoder treats every frame by itself: of each 3 × 3 × 3 kernel only the tap of the present frame is not
 * zero. Nothing of one frame then shows in another, so that motion is the transformer's to model alone; and the kernels
 * may be run as 1 × 3 × 3.
 */

const isKernel = (weight: Tensor): boolean => weight.dim === 5 && weight.size(2) === 3;

/** Sets the taps of earlier frames to zero; what is left is scaled to keep the size of what passes. */
export function keepLastTap_(weight: Tensor): void {
  if (!isKernel(weight)) return;
  weight.narrow(2, 0, 2).zero_();
  weight.mul_(Math.sqrt(3));
}

/** The tap of the present frame, of a 3 × 3 × 3 kernel; other weights as they are. */
export const lastTap = (weight: Tensor): Tensor => (isKernel(weight) ? weight.narrow(2, 2, 1) : weight);
