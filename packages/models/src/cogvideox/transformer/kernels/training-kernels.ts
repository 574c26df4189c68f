import { halfKernels, type Tensor } from '@motion-enhancer/libtorch';
import { gatedResidual } from '../../../kernels/gated-residual/gated-residual.js';
import { SPLIT_HEAD_DIMS, splitNormRotary } from '../../../kernels/head-norm-rotary/split-norm-rotary.js';
import { modulatedNormTraining } from '../../../kernels/modulated-norm/modulated-norm-training.js';
import type { BlockParts } from '../block-parts.js';

/** A warp holds a token. */
const WIDEST = 256;

const chosen = halfKernels<BlockParts>('fused kernels', (compile) => ({
  modulatedNorm: modulatedNormTraining(compile),
  gatedResidual: gatedResidual(compile),
  queriesKeysValues: splitNormRotary(compile),
}));

/** Kernels for a device, type and size; null where plain operators must serve: see `halfKernels`, and larger models. */
export function trainingKernels(x: Tensor, headDim: number): BlockParts | null {
  const width = x.size(-1);
  return width % 8 === 0 && width <= WIDEST && SPLIT_HEAD_DIMS.includes(headDim) ? chosen(x) : null;
}
