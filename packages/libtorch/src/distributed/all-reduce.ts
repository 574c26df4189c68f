import { empty } from '../factories.js';
import type { Tensor } from '../tensor.js';
import { checkContiguous } from './check-input.js';
import { functional } from './functional-operators.js';
import type { PendingTensor } from './pending-tensor.js';
import type { ProcessGroup } from './process-group.js';
import { planReduction, type Reduction } from './reduction.js';
import { already, ownResult, startCollective } from './start-collective.js';

/**
 * The sum (maximum, average) over all ranks of tensors of one shape and dtype, on every rank alike.
 * In a group of one the result is the input's own memory: do not write to it.
 * @throws UserError `ERR_GROUP` when a rank does not come in time or is gone
 */
export function allReduce(input: Tensor, group: ProcessGroup, op: Reduction = 'sum'): Tensor {
  return allReduceAsync(input, group, op).waitNow();
}

/** `allReduce`, started: the result comes from `wait()`. The input must stay as it is until then. */
export function allReduceAsync(input: Tensor, group: ProcessGroup, op: Reduction = 'sum'): PendingTensor {
  if (group.backend === 'none') return already(group, 'allReduce', ownResult(input, undefined));
  const output = empty(input.shape, { dtype: input.dtype, device: input.device });
  output.copy_(input);
  return start(output, group, op, 'allReduce');
}

/** `allReduce` in place; `input` must be contiguous. */
export function allReduce_(input: Tensor, group: ProcessGroup, op: Reduction = 'sum'): Tensor {
  return allReduceAsync_(input, group, op).waitNow();
}

/** `allReduce_`, started: nothing may read or write `input` until `wait()`. */
export function allReduceAsync_(input: Tensor, group: ProcessGroup, op: Reduction = 'sum'): PendingTensor {
  if (group.backend === 'none') return already(group, 'allReduce_', input);
  checkContiguous(input, 'allReduce_');
  return start(input, group, op, 'allReduce_');
}

function start(tensor: Tensor, group: ProcessGroup, op: Reduction, operation: string): PendingTensor {
  const { word, after } = planReduction(op, group, tensor);
  const call = (slot: number, _: number, name: string) => functional('all_reduce_')(slot, word, name);
  return startCollective({ operation, group, input: tensor, output: tensor, call, after });
}
