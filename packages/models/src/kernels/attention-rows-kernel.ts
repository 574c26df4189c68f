import {
  type CudaKernel,
  compileCudaKernel,
  computeCapability,
  empty,
  kernelFunction,
  LibtorchError,
  type Tensor,
} from '@motion-enhancer/libtorch';
import { ATTENTION_ROWS_SOURCE, KEY_TILE, ROW_THREADS } from './attention-rows.cu.js';

/** Dynamic shared memory that every GPU these kernels run on gives a block. */
const MOST_SHARED = 96 * 1024;

export interface AttentionRowsKernel {
  /**
   * Rows of the causal attention map, mean over heads, in float32: [R, N]; differentiable.
   * @param q_NHD rotated queries, contiguous
   * @param k_NGD rotated keys, contiguous
   * @param places int64 [R], distinct, on the device
   */
  rows(q_NHD: Tensor, k_NGD: Tensor, places: Tensor): Tensor;
}

const compiled = new Map<string, AttentionRowsKernel | null>();

/** null where plain operators must serve: not CUDA, not a half type, other head sizes, too many keys, or MOTION_ENHANCER_PLAIN=1. */
export function attentionRowsKernel(q: Tensor, headDim: number, keys: number): AttentionRowsKernel | null {
  if (!q.isCuda || (headDim !== 64 && headDim !== 128) || 4 * keys > MOST_SHARED) return null;
  const { device, dtype } = q;
  if ((dtype !== 'bfloat16' && dtype !== 'float16') || process.env.MOTION_ENHANCER_PLAIN === '1') return null;
  const key = `${device} ${dtype} ${headDim}`;
  let kernel = compiled.get(key);
  if (kernel === undefined) {
    const options = [`-DD=${headDim}`, ...(dtype === 'bfloat16' ? ['-DELEMENT_BF16'] : [])];
    kernel = compile(Number(device.split(':')[1] ?? 0), options);
    compiled.set(key, kernel);
  }
  return kernel;
}

const NAMES = ['rowProbabilities', 'meanOfHeads', 'clear', 'rowsQueryGradient', 'rowsKeyGradient'] as const;

function compile(device: number, options: string[]): AttentionRowsKernel | null {
  if (computeCapability(device) < 80) return null;
  try {
    const made = NAMES.map((name) => compileCudaKernel(ATTENTION_ROWS_SOURCE, name, { device, options }));
    return kernelOf(made as [CudaKernel, CudaKernel, CudaKernel, CudaKernel, CudaKernel]);
  } catch (error) {
    if (!(error instanceof LibtorchError)) throw error;
    process.stderr.write(`Plain operators serve in place of fused kernels: ${error.message}\n`);
    return null;
  }
}

function kernelOf([probability, mean, clear, queryGradient, keyGradient]: [
  CudaKernel,
  CudaKernel,
  CudaKernel,
  CudaKernel,
  CudaKernel,
]): AttentionRowsKernel {
  const block = [ROW_THREADS];
  const over = (count: number) => [Math.ceil(count / ROW_THREADS)];
  return {
    rows(q, k, places) {
      const [N, H, D] = q.shape as [number, number, number];
      const G = k.size(1);
      const R = places.numel;
      const float = (shape: number[]) => empty(shape, { dtype: 'float32', device: q.device });
      const [probabilities, rows] = [float([H, R, N]), float([R, N])];
      const sizes = [{ i32: N }, { i32: H }, { i32: G }];
      const scale = { f32: D ** -0.5 };
      probability.launch([R, H], block, 4 * N, [q, k, places, probabilities, ...sizes, scale]);
      mean.launch(over(R * N), block, 0, [probabilities, rows, { i64: R * N }, { i32: H }]);
      const grad = { gradOf: 0 };
      const [toQ, toK] = [{ gradFor: 0 }, { gradFor: 1 }];
      // The gradients of the scores are written over the probabilities, which nobody needs after that.
      kernelFunction(
        [q, k],
        [rows],
        [
          { kernel: clear, grid: over(q.numel / 8), block, args: [toQ, { i64: q.numel }] },
          {
            kernel: queryGradient,
            grid: [R, H],
            block,
            args: [grad, k, places, probabilities, toQ, ...sizes, scale],
          },
          {
            kernel: keyGradient,
            grid: [Math.ceil(N / KEY_TILE), G],
            block,
            args: [probabilities, q, places, toK, ...sizes, { i32: R }],
          },
        ],
      );
      return rows;
    },
  };
}
