import type { Tensor } from '@motion-enhancer/libtorch';
import { trainingKernels } from './training.js';

/** silu(gate) · up, of one shape; differentiable. */
export function swiglu(gate: Tensor, up: Tensor): Tensor {
  const kernels = gate.numel % 8 === 0 ? trainingKernels(gate) : null;
  return kernels ? kernels.gated(gate, up) : gate.silu().mul(up);
}
