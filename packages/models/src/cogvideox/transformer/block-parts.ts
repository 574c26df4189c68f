import { type GatedResidual, referenceGatedResidual } from '../../kernels/gated-residual/reference-gated-residual.js';
import {
  referenceSplitNormRotary,
  type SplitNormRotary,
} from '../../kernels/head-norm-rotary/reference-split-norm-rotary.js';
import { type ModulatedNorm, referenceModulatedNorm } from '../../kernels/modulated-norm/reference-modulated-norm.js';

/**
 * The element-wise parts of a block with gradients: as plain operators here, as a kernel each in `trainingKernels`. Tokens
 * of text stand before those of video; modulations are [B, 2, width], the video's first, in any type.
 */
export interface BlockParts {
  modulatedNorm: ModulatedNorm;
  gatedResidual: GatedResidual;
  queriesKeysValues: SplitNormRotary;
}

export const referenceParts: BlockParts = {
  modulatedNorm: referenceModulatedNorm,
  gatedResidual: referenceGatedResidual,
  queriesKeysValues: referenceSplitNormRotary,
};
