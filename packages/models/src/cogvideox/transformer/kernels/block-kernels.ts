import { halfKernels, type Tensor } from '@motion-enhancer/libtorch';
import { type HeadNormRotary, headNormRotary } from '../../../kernels/head-norm-rotary/head-norm-rotary.js';
import { type ModulatedNormInference, modulatedNorm } from '../../../kernels/modulated-norm/modulated-norm.js';

const HEAD_DIM = 64;

/** The element-wise parts of a block as one kernel each, in place of the operators that they are held against. */
export interface BlockKernels {
  modulatedNorm: ModulatedNormInference;
  headNormRotary_: HeadNormRotary;
}

const chosen = halfKernels<BlockKernels>(
  'fused kernels',
  (compile) => ({ modulatedNorm: modulatedNorm(compile), headNormRotary_: headNormRotary(compile) }),
  // Of these, float16's have nothing that older GPUs have not.
  { oldest: 0 },
);

/**
 * Kernels for a device, type and size; null where plain operators must serve: see `halfKernels`, and sizes that do not fit or
 * norms without weights.
 */
export function blockKernels(x: Tensor, headDim: number, width: number, affine: boolean): BlockKernels | null {
  return headDim === HEAD_DIM && width % 8 === 0 && width <= 8192 && affine ? chosen(x) : null;
}
