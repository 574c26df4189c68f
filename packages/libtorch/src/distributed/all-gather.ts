import { expected } from '@motion-enhancer/support';
import { empty } from '../factories.js';
import type { Tensor } from '../tensor.js';
import { checkContiguous } from './check-input.js';
import { functional } from './functional-operators.js';
import type { PendingTensor } from './pending-tensor.js';
import type { ProcessGroup } from './process-group.js';
import { already, ownResult, startCollective } from './start-collective.js';

/**
 * The inputs of all ranks, one after the other by rank: [n, …] on each gives [size · n, …] on every one.
 * In a group of one the result is the input's own memory, unless `into` is given.
 * @param into the tensor to write, contiguous and of that shape; a new one by default
 * @throws UserError `ERR_GROUP` when a rank does not come in time or is gone
 */
export function allGather(input: Tensor, group: ProcessGroup, into?: Tensor): Tensor {
  return allGatherAsync(input, group, into).waitNow();
}

/** `allGather`, started: the result comes from `wait()`. The input must stay as it is until then. */
export function allGatherAsync(input: Tensor, group: ProcessGroup, into?: Tensor): PendingTensor {
  const [rows, ...rest] = input.shape;
  if (rows === undefined) throw expected('at least one dimension', 'input', 'a scalar');
  const shape = [rows * group.size, ...rest];
  if (into) checkInto(into, shape, input);
  if (group.backend === 'none') return already(group, 'allGather', ownResult(input, into));
  const output = into ?? empty(shape, { dtype: input.dtype, device: input.device });
  const call = (slot: number, out: number, name: string) =>
    functional('all_gather_into_tensor_out')(slot, group.size, name, out);
  return startCollective({ operation: 'allGather', group, input, output, call });
}

/** @internal */
export function checkInto(into: Tensor, shape: readonly number[], like: Tensor): void {
  checkContiguous(into, 'into');
  const wanted = `[${shape.join(', ')}] ${like.dtype} on ${like.device}`;
  const given = `[${into.shape.join(', ')}] ${into.dtype} on ${into.device}`;
  if (wanted !== given) throw expected(wanted, 'into', given);
}
