import {
  type CudaKernel,
  compileCudaKernel,
  computeCapability,
  empty,
  kernelFunction,
  LibtorchError,
  type Tensor,
} from '@motion-enhancer/libtorch';
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

const compiled = new Map<string, AttentionRowsKernel | null>();

/** null where plain operators must serve: not CUDA, not a half type, no NVRTC, or MOTION_ENHANCER_PLAIN=1. */
export function attentionRowsKernel({ isCuda, device, dtype }: Tensor): AttentionRowsKernel | null {
  if (!isCuda || (dtype !== 'bfloat16' && dtype !== 'float16') || process.env.MOTION_ENHANCER_PLAIN === '1')
    return null;
  const key = `${device} ${dtype}`;
  let kernel = compiled.get(key);
  if (kernel === undefined) {
    kernel = compile(Number(device.split(':')[1] ?? 0), dtype === 'bfloat16' ? ['-DELEMENT_BF16'] : []);
    compiled.set(key, kernel);
  }
  return kernel;
}

function compile(device: number, options: string[]): AttentionRowsKernel | null {
  if (computeCapability(device) < 80) return null;
  const make = (name: string) => compileCudaKernel(ATTENTION_ROWS_SOURCE, name, { device, options });
  try {
    return kernelOf(make('rowLse'), make('meanOfHeads'), make('scoreGradient'));
  } catch (error) {
    if (!(error instanceof LibtorchError)) throw error;
    process.stderr.write(`Plain operators serve in place of fused kernels: ${error.message}\n`);
    return null;
  }
}

function kernelOf(rowLse: CudaKernel, meanOfHeads: CudaKernel, gradient: CudaKernel): AttentionRowsKernel {
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
      kernelFunction([scores], [rows], [{ kernel: gradient, grid: [R, H], block, args }]);
      return rows;
    },
  };
}
