import { LibtorchError } from '@motion-enhancer/libtorch';
import type { Qwen2BlockWeights, Qwen2Weights } from '../weights.js';

/**
 * The blocks' weights for a decoding that runs them all as one CUDA graph: a graph keeps the addresses of what it reads.
 * @throws LibtorchError where a block's weights are there only while it runs
 */
export function residentLayers({ layers }: Qwen2Weights): Qwen2BlockWeights[] {
  return layers.map(({ resident }) => {
    if (resident === null) throw new LibtorchError('Decoding as a CUDA graph needs weights that stay on the device.');
    return resident;
  });
}
