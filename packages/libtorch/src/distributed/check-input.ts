import { expected } from '@motion-enhancer/support';
import type { Tensor } from '../tensor.js';
import type { ProcessGroup } from './process-group.js';

/** @throws UserError when the group is closed */
export function checkOpen(group: ProcessGroup): void {
  if (group.isClosed) throw expected('a group that is open', 'group', `${group.name}, which was closed`);
}

/** @throws UserError when a tensor that a collective writes has gaps: it would write a copy */
export function checkContiguous(tensor: Tensor, field: string): void {
  if (!tensor.isContiguous)
    throw expected('a contiguous tensor', field, `one of strides [${tensor.strides.join(', ')}]`);
}

/** @throws UserError when the rows cannot be divided evenly */
export function checkRows(tensor: Tensor, { size }: ProcessGroup): void {
  const rows = tensor.shape[0];
  if (rows === undefined || rows % size !== 0)
    throw expected(
      `a number of rows that ${size} ranks can share evenly`,
      'input',
      `shape [${tensor.shape.join(', ')}]`,
    );
}
