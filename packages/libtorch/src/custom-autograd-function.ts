import { type CudaKernel, type Dim3, encodeArgument, type KernelArgument, launchShape } from './cuda-kernel.js';
import { native } from './native.js';
import type { Tensor } from './tensor.js';

/**
 * An argument of a kernel of the backward pass: a tensor that is kept until then, a number, the gradient of the k-th output
 * (contiguous), or the gradient of the k-th input, which the kernel is to write (contiguous, of the input's sizes).
 */
export type BackwardArgument = KernelArgument | { gradOf: number } | { gradFor: number };

/** A launch of the backward pass, written down with the forward pass. */
export interface BackwardLaunch {
  kernel: CudaKernel;
  grid: Dim3;
  block: Dim3;
  sharedBytes?: number;
  args: readonly BackwardArgument[];
}

/**
 * Makes `outputs`, which CUDA kernels have computed from `inputs`, differentiable by them: in the backward pass libtorch's
 * own threads, which cannot call JavaScript, run these launches. Nothing is kept where no gradient is recorded. Once only:
 * the gradient has no gradient, and a second pass through the same graph is an error.
 */
export function customAutogradFunction(
  inputs: readonly Tensor[],
  outputs: readonly Tensor[],
  launches: readonly BackwardLaunch[],
): void {
  const steps = launches.map(({ kernel, grid, block, sharedBytes = 0, args }) => {
    const encoded = args.map(encodeBackward);
    const step: [number, number[], string, (number | bigint)[]] = [
      kernel.handle,
      [...launchShape(grid), ...launchShape(block), sharedBytes, 0],
      encoded.map(([kind]) => kind).join(''),
      encoded.map(([, value]) => value),
    ];
    return step;
  });
  native.customAutogradFunction(
    inputs.map((t) => t.slot),
    outputs.map((t) => t.slot),
    steps,
  );
}

function encodeBackward(argument: BackwardArgument): [string, number | bigint] {
  if ('gradOf' in argument) return ['g', argument.gradOf];
  if ('gradFor' in argument) return ['r', argument.gradFor];
  return encodeArgument(argument);
}
