import { empty } from '../factories.js';
import { Tensor } from '../tensor.js';
import { checkRows } from './check-input.js';
import { functional } from './functional-operators.js';
import type { PendingTensor } from './pending-tensor.js';
import type { ProcessGroup } from './process-group.js';
import { already, ownResult, startCollective } from './start-collective.js';

/**
 * Deals rows: of [size · n, …] on each rank the k-th part goes to rank k, and what comes back are the parts that the ranks
 * had for this one, by rank. In a group of one the result is the input's own memory.
 * @throws UserError when the rows cannot be shared evenly; `ERR_GROUP` when a rank does not come in time or is gone
 */
export function allToAll(input: Tensor, group: ProcessGroup): Tensor {
  return allToAllAsync(input, group).waitNow();
}

/** `allToAll`, started: the result comes from `wait()`. The input must stay as it is until then. */
export function allToAllAsync(input: Tensor, group: ProcessGroup): PendingTensor {
  checkRows(input, group);
  if (group.backend === 'none') return already(group, 'allToAll', ownResult(input, undefined));
  const output = empty(input.shape, { dtype: input.dtype, device: input.device });
  const counts = new Array<number>(group.size).fill(input.shape[0]! / group.size);
  return startCollective({
    operation: 'allToAll',
    group,
    input,
    output,
    // This operator makes its result itself.
    call: (slot, _, name) => new Tensor(functional('all_to_all_single')(slot, counts, counts, name)),
  });
}
