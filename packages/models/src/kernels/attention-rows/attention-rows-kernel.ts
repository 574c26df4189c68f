import { customAutogradFunction, empty, halfKernels, type Tensor } from '@motion-enhancer/libtorch';
import { ATTENTION_ROWS_SOURCE, ROW_THREADS } from './attention-rows.cu.js';

export interface AttentionRowsKernel {
  /**
   * Softmax of each row of scores over the keys up to its place, mean over heads, in float32; differentiable.
   * @param scores q·k without the scale, contiguous [G, H / G · R, N]: heads, and rows within them
   * @param places int64 [R] on the device
   * @returns [R, N]
   */
  meanSoftmax(scores: Tensor, places: Tensor, heads: number, scale: number): Tensor;
}

/** null where plain operators must serve: see `halfKernels`. */
export const attentionRowsKernel = halfKernels<AttentionRowsKernel>('fused kernels', (compile) => {
  const make = (name: string) => compile(ATTENTION_ROWS_SOURCE, name);
  const [rowLse, meanOfHeads, gradient] = [make('rowLse'), make('meanOfHeads'), make('scoreGradient')];
  const block = [ROW_THREADS];
  return {
    meanSoftmax(scores, places, H, scale) {
      const N = scores.size(2);
      const R = places.numel;
      const float = (shape: number[]) => empty(shape, { dtype: 'float32', device: scores.device });
      const [lse, rows] = [float([H, R]), float([R, N])];
      const by = { f32: scale };
      rowLse.launch([R, H], block, 0, [scores, places, lse, { i32: N }, by]);
      const sizes = [{ i32: R }, { i32: N }, { i32: H }];
      meanOfHeads.launch([Math.ceil((R * N) / ROW_THREADS)], block, 0, [scores, lse, places, rows, ...sizes, by]);
      const args = [{ gradOf: 0 }, scores, lse, places, { gradFor: 0 }, { i32: N }, by];
      customAutogradFunction([scores], [rows], [{ kernel: gradient, grid: [R, H], block, args }]);
      return rows;
    },
  };
});
