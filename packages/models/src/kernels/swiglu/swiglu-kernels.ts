import { customAutogradFunction, emptyLike, halfKernels, type Tensor } from '@motion-enhancer/libtorch';
import { SWIGLU_SOURCE } from './swiglu.cu.js';

const THREADS = 256;

/** silu(gate) · up as one kernel; both contiguous, a multiple of 8 elements. */
export interface SwigluKernels {
  /** Written over `gate`; no gradients. */
  inPlace(gate: Tensor, up: Tensor): void;
  /** Differentiable. */
  apply(gate: Tensor, up: Tensor): Tensor;
}

/** null where plain operators must serve: see `halfKernels`. */
export const swigluKernels = halfKernels<SwigluKernels>('fused kernels', (compile) => {
  const [forward, back] = [compile(SWIGLU_SOURCE, 'swiglu'), compile(SWIGLU_SOURCE, 'swigluBackward')];
  const shape = (gate: Tensor) => ({ grid: [Math.ceil(gate.numel / (8 * THREADS))], block: [THREADS] });
  const launch = (gate: Tensor, up: Tensor, out: Tensor) => {
    const { grid, block } = shape(gate);
    forward.launch(grid, block, 0, [gate, up, out, { i64: gate.numel }]);
  };
  return {
    inPlace: (gate, up) => launch(gate, up, gate),
    apply(gate, up) {
      const out = emptyLike(gate);
      launch(gate, up, out);
      const args = [{ gradOf: 0 }, gate, up, { gradFor: 0 }, { gradFor: 1 }, { i64: gate.numel }];
      customAutogradFunction([gate, up], [out], [{ kernel: back, ...shape(gate), args }]);
      return out;
    },
  };
});
