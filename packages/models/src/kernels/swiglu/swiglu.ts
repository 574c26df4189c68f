import { isGradEnabled, type Tensor } from '@motion-enhancer/libtorch';
import { referenceSwiglu } from './reference-swiglu.js';
import { swigluKernels } from './swiglu-kernels.js';

/**
 * SwiGLU's inside: silu(gate) · up, of one shape; differentiable. Without gradients it may be written over `gate`, which
 * nobody else should need. Source: https://arxiv.org/abs/2002.05202
 */
export function swiglu(gate: Tensor, up: Tensor): Tensor {
  const kernels = gate.numel % 8 === 0 ? swigluKernels(gate) : null;
  if (!kernels) return referenceSwiglu(gate, up);
  if (isGradEnabled() || !gate.isContiguous || !up.isContiguous)
    return kernels.apply(gate.contiguous(), up.contiguous());
  kernels.inPlace(gate, up);
  return gate;
}
