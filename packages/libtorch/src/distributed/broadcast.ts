import { expected } from '@motion-enhancer/support';
import type { Tensor } from '../tensor.js';
import { checkContiguous } from './check-input.js';
import { functional } from './functional-operators.js';
import type { PendingTensor } from './pending-tensor.js';
import type { ProcessGroup } from './process-group.js';
import { already, startCollective } from './start-collective.js';

/**
 * Writes the values of rank `root` into the tensor of every rank, which has the same shape and dtype and is contiguous.
 * @throws UserError `ERR_GROUP` when a rank does not come in time or is gone
 */
export function broadcast_(tensor: Tensor, group: ProcessGroup, root = 0): Tensor {
  return broadcastAsync_(tensor, group, root).waitNow();
}

/** `broadcast_`, started: nothing may read or write the tensor until `wait()`. */
export function broadcastAsync_(tensor: Tensor, group: ProcessGroup, root = 0): PendingTensor {
  checkRoot(root, group);
  if (group.backend === 'none') return already(group, 'broadcast_', tensor);
  checkContiguous(tensor, 'broadcast_');
  const call = (slot: number, _: number, name: string) => functional('broadcast_')(slot, root, name);
  return startCollective({ operation: 'broadcast_', group, input: tensor, output: tensor, call });
}

/** @internal */
export function checkRoot(root: number, { size }: ProcessGroup): void {
  if (!Number.isInteger(root) || root < 0 || root >= size) throw expected(`a rank from 0 to ${size - 1}`, 'root', root);
}
