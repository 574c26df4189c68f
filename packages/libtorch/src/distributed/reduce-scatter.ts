import { empty } from '../factories.js';
import type { Tensor } from '../tensor.js';
import { checkInto } from './all-gather.js';
import { checkRows } from './check-input.js';
import { functional } from './functional-operators.js';
import type { PendingTensor } from './pending-tensor.js';
import type { ProcessGroup } from './process-group.js';
import { planReduction, type Reduction } from './reduction.js';
import { already, ownResult, startCollective } from './start-collective.js';

export interface ReduceScatterOptions {
  op?: Reduction;
  /** The tensor to write, contiguous and of the result's shape; a new one by default. */
  into?: Tensor;
}

/**
 * This rank's share of the sum over all ranks: [size · n, …] on each gives [n, …], rows rank · n and on.
 * In a group of one the result is the input's own memory, unless `into` is given.
 * @throws UserError when the rows cannot be shared evenly; `ERR_GROUP` when a rank does not come in time or is gone
 */
export function reduceScatter(input: Tensor, group: ProcessGroup, options: ReduceScatterOptions = {}): Tensor {
  return reduceScatterAsync(input, group, options).waitNow();
}

/** `reduceScatter`, started: the result comes from `wait()`. The input must stay as it is until then. */
export function reduceScatterAsync(
  input: Tensor,
  group: ProcessGroup,
  { op = 'sum', into }: ReduceScatterOptions = {},
): PendingTensor {
  checkRows(input, group);
  const shape = [input.shape[0]! / group.size, ...input.shape.slice(1)];
  if (into) checkInto(into, shape, input);
  if (group.backend === 'none') return already(group, 'reduceScatter', ownResult(input, into));
  const { word, after } = planReduction(op, group, input);
  const output = into ?? empty(shape, { dtype: input.dtype, device: input.device });
  const call = (slot: number, out: number, name: string) =>
    functional('reduce_scatter_tensor_out')(slot, word, group.size, name, out);
  return startCollective({ operation: 'reduceScatter', group, input, output, call, after });
}
