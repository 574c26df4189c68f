import { expected } from '@motion-enhancer/support';
import type { Tensor } from '../tensor.js';
import type { ProcessGroup } from './process-group.js';

/** How values of several ranks become one. */
export type Reduction = 'sum' | 'max' | 'avg';

/** The operator's word for a reduction, and what is left to do: Gloo does not average everywhere, so the sum is divided. */
export function planReduction(
  op: Reduction,
  { backend, size }: ProcessGroup,
  tensor: Tensor,
): { word: string; after?: (written: Tensor) => void } {
  if (op !== 'avg') return { word: op };
  if (!tensor.isFloating) throw expected('a tensor of a floating type', 'the average', tensor.dtype);
  if (backend === 'nccl' && tensor.isCuda) return { word: 'avg' };
  return { word: 'sum', after: (written) => void written.div_(size) };
}
