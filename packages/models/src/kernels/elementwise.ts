import { empty, halfKernels, isGradEnabled, type KernelArgument, type Tensor } from '@motion-enhancer/libtorch';
import { ELEMENTWISE_SOURCE } from './elementwise.cu.js';

const THREADS = 256;

/** Element-wise parts as one kernel each, in place of the operators that they are held against; no gradients. */
export interface ElementwiseKernels {
  /** gate = silu(gate) · up; both contiguous, a multiple of 8 elements. */
  gated_(gate: Tensor, up: Tensor): void;
  /** `applyRotary` of x [.., .., .., D] with broadcast tables, of x's type or float32; contiguous. */
  rotate(x: Tensor, cos: Tensor, sin: Tensor): Tensor;
}

const chosen = halfKernels<ElementwiseKernels>('fused kernels', (compile) => {
  const make = (name: string) => compile(ELEMENTWISE_SOURCE, name);
  const [gated, rotateHalf, rotateHalfFloat] = [make('gated'), make('rotateHalf'), make('rotateHalfFloat')];
  return {
    gated_(gate, up) {
      const count = gate.numel;
      gated.launch([Math.ceil(count / (8 * THREADS))], [THREADS], 0, [gate, up, { i64: count }]);
    },
    rotate(x, cos, sin) {
      const [n0, n1, n2, D] = x.shape as [number, number, number, number];
      const out = empty([n0, n1, n2, D], { dtype: x.dtype, device: x.device });
      const vectors = n0 * n1 * n2;
      const i64 = (value: number): KernelArgument => ({ i64: value });
      const kernel = cos.dtype === 'float32' ? rotateHalfFloat : rotateHalf;
      kernel.launch([Math.ceil((vectors * (D / 16)) / THREADS)], [THREADS], 0, [
        ...[x, cos, sin, out, i64(vectors), { i32: n1 }, { i32: n2 }, { i32: D }],
        ...x.strides.slice(0, 3).map(i64),
        ...broadcastStrides(cos).map(i64),
      ]);
      return out;
    },
  };
});

/** null where plain operators must serve: see `halfKernels`, and where gradients are wanted. */
export const elementwiseKernels = (x: Tensor): ElementwiseKernels | null => (isGradEnabled() ? null : chosen(x));

/** Can `rotate` take these? x of four dimensions whose vectors lie whole and aligned. */
export function rotates(x: Tensor, cos: Tensor): boolean {
  const { shape, strides } = x;
  if (shape.length !== 4 || strides[3] !== 1 || shape[3]! % 16 !== 0) return false;
  if (strides.some((stride, i) => i < 3 && stride % 8 !== 0) || cos.dim > 4 || cos.strides.at(-1) !== 1) return false;
  return cos.dtype === 'float32' || cos.dtype === x.dtype;
}

/** Strides of a table's leading dimensions, as of four dimensions in all; 0 where it is broadcast. */
function broadcastStrides(table: Tensor): number[] {
  const { shape, strides } = table;
  const own = shape.slice(0, -1).map((size, i) => (size === 1 ? 0 : strides[i]!));
  return [...new Array<number>(3 - own.length).fill(0), ...own];
}
