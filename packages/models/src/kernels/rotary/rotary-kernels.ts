import {
  customAutogradFunction,
  empty,
  emptyLike,
  halfKernels,
  type KernelArgument,
  type Tensor,
} from '@motion-enhancer/libtorch';
import { ROTARY_SOURCE } from './rotary.cu.js';

const THREADS = 256;

/** Rotary positions as one kernel, in place of the operators of `referenceRotary`. */
export interface RotaryKernels {
  /** x of four dimensions with broadcast tables of x's type or float32 (see `fitsRotary`); contiguous; no gradients. */
  rotate(x: Tensor, cos: Tensor, sin: Tensor): Tensor;
  /** Heads within tokens, x [B, N, H, D], by tables [B, 1, N, D] of x's type; differentiable. */
  rotateHeads(x_BNHD: Tensor, cos: Tensor, sin: Tensor): Tensor;
}

const i64 = (value: number): KernelArgument => ({ i64: value });

/** null where plain operators must serve: see `halfKernels`. */
export const rotaryKernels = halfKernels<RotaryKernels>('fused kernels', (compile) => {
  const [rotary, rotaryFloat] = [compile(ROTARY_SOURCE, 'rotary'), compile(ROTARY_SOURCE, 'rotaryFloat')];
  return {
    rotate(x, cos, sin) {
      const out = empty(x.shape, { dtype: x.dtype, device: x.device });
      const { grid, block, sizes } = launchOf(x, x.strides, broadcastStrides(cos));
      const kernel = cos.dtype === 'float32' ? rotaryFloat : rotary;
      kernel.launch(grid, block, 0, [x, cos, sin, out, ...sizes, { f32: 1 }]);
      return out;
    },
    rotateHeads(xAny, cosAny, sinAny) {
      const [x, cos, sin] = [xAny.contiguous(), cosAny.contiguous(), sinAny.contiguous()];
      const [, N, , D] = x.shape as [number, number, number, number];
      const out = emptyLike(x);
      const { grid, block, sizes } = launchOf(x, x.strides, [N * D, D, 0]);
      rotary.launch(grid, block, 0, [x, cos, sin, out, ...sizes, { f32: 1 }]);
      const args = [{ gradOf: 0 }, cos, sin, { gradFor: 0 }, ...sizes, { f32: -1 }];
      customAutogradFunction([x], [out], [{ kernel: rotary, grid, block, args }]);
      return out;
    },
  };
});

/** @param strides of x @param tables strides of the tables' rows for the three leading dimensions of x */
function launchOf({ shape }: Tensor, strides: readonly number[], tables: readonly number[]) {
  const [n0, n1, n2, D] = shape as [number, number, number, number];
  const vectors = n0 * n1 * n2;
  return {
    grid: [Math.ceil((vectors * (D / 16)) / THREADS)],
    block: [THREADS],
    sizes: [i64(vectors), { i32: n1 }, { i32: n2 }, { i32: D }, ...strides.slice(0, 3).map(i64), ...tables.map(i64)],
  };
}

/** Widths that the kernels can rotate: their halves are whole pieces of 16 bytes. */
export const fitsRotaryWidth = (width: number): boolean => width % 16 === 0;

/** Can `rotate` take these? x of four dimensions whose vectors lie whole and aligned. */
export function fitsRotary(x: Tensor, cos: Tensor): boolean {
  const { shape, strides } = x;
  if (shape.length !== 4 || strides[3] !== 1 || !fitsRotaryWidth(shape[3]!)) return false;
  if (strides.some((stride, i) => i < 3 && stride % 8 !== 0) || cos.dim > 4 || cos.strides.at(-1) !== 1) return false;
  return cos.dtype === 'float32' || cos.dtype === x.dtype;
}

/** Strides of a table's leading dimensions, as of four dimensions in all; 0 where it is broadcast. */
function broadcastStrides(table: Tensor): number[] {
  const { shape, strides } = table;
  const own = shape.slice(0, -1).map((size, i) => (size === 1 ? 0 : strides[i]!));
  return [...new Array<number>(3 - own.length).fill(0), ...own];
}
