import { halfKernels } from '../half-kernels.js';
import type { Tensor } from '../tensor.js';
import { ADAMW_SOURCE } from './adamw.cu.js';

const THREADS = 256;
/** Enough blocks for every multiprocessor of a large GPU. */
const MAX_BLOCKS = 2112;

/** What a step of all parameters of a group has in common; `step` counts from 1. */
export interface AdamWNumbers {
  lr: number;
  weightDecay: number;
  betas: readonly [number, number];
  eps: number;
  step: number;
  /** On the gradients. */
  scale: number;
}

export interface AdamWKernel {
  /** All contiguous and of one size; master and moments float32, gradient and parameter of one half type. */
  launch(
    tensors: { master: Tensor; expAvg: Tensor; expAvgSq: Tensor; grad: Tensor; param: Tensor },
    numbers: AdamWNumbers,
  ): void;
}

/** null where libtorch's operators must serve: see `halfKernels`. */
export const adamWKernel = halfKernels<AdamWKernel>('the fused AdamW kernel', (compile) => {
  const kernel = compile(ADAMW_SOURCE, 'adamw');
  return {
    launch({ master, expAvg, expAvgSq, grad, param }, { lr, weightDecay, betas, eps, step, scale }) {
      const numbers = [
        scale,
        1 - lr * weightDecay,
        1 - betas[0],
        1 - betas[1],
        lr / (1 - betas[0] ** step),
        Math.sqrt(1 - betas[1] ** step),
        eps,
      ];
      const grid = Math.min(MAX_BLOCKS, Math.ceil(param.numel / (4 * THREADS)));
      kernel.launch([grid], [THREADS], 0, [
        master,
        expAvg,
        expAvgSq,
        grad,
        param,
        { i64: param.numel },
        ...numbers.map((value) => ({ f32: value })),
      ]);
    },
  };
});
