import { cat, type Tensor } from '@motion-enhancer/libtorch';

/** Rotates pairs (i, i + D/2) of the last dimension by plain operators: what the kernels are held against. */
export function referenceRotary(x: Tensor, cos: Tensor, sin: Tensor): Tensor {
  const half = x.size(-1) / 2;
  const swapped = cat([x.narrow(-1, half, half).neg(), x.narrow(-1, 0, half)], -1);
  return x.mul(cos).add(swapped.mul(sin));
}
