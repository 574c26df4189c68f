import { isGradEnabled } from './autograd.js';
import type { BlockWeights } from './block-weights.js';
import { type BlockOutputs, type Checkpoints, learns } from './checkpoints.js';
import { LibtorchError } from './errors.js';
import type { Tensor } from './tensor.js';

/**
 * Runs one of a network's blocks with its weights, through `checkpoints` where there are some; the next block's weights
 * are fetched meanwhile.
 * @param body a pure function of the block's input, its weights and what is held
 * @throws LibtorchError where gradients are recorded through weights that do not stay, without checkpoints
 */
export function runBlock<W, T extends BlockOutputs>(
  blocks: readonly BlockWeights<W>[],
  index: number,
  input: Tensor,
  body: (x: Tensor, weights: W) => T,
  checkpoints: Checkpoints | null,
): T {
  const weights = blocks[index]!;
  const next = blocks[index + 1];
  if (checkpoints) return checkpoints.run(input, body, weights, next);
  return weights.during((w) => {
    if (weights.resident === null && isGradEnabled() && learns(input, w))
      throw new LibtorchError(
        'Weights that are there only while their block runs need Checkpoints where gradients are recorded: ' +
          'compute the blocks again in the backward pass.',
      );
    next?.prefetch();
    return body(input, w);
  });
}
