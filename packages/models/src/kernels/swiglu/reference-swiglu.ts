import type { Tensor } from '@motion-enhancer/libtorch';

/** silu(gate) · up by plain operators: what the kernels are held against, and what serves where they cannot. */
export const referenceSwiglu = (gate: Tensor, up: Tensor): Tensor => gate.silu().mul(up);
