import type { Tensor } from '@motion-enhancer/libtorch';
import { elementwiseKernels } from './elementwise.js';
import { swiglu } from './swiglu.js';

/** silu(gate) · up. Without gradients it may be written over `gate`, which nobody else should need. */
export function gated(gate: Tensor, up: Tensor): Tensor {
  const fused = elementwiseKernels(gate);
  if (!fused || gate.numel % 8 !== 0 || !gate.isContiguous || !up.isContiguous) return swiglu(gate, up);
  fused.gated_(gate, up);
  return gate;
}
