import assert from 'node:assert/strict';
import { arange, full, zeros } from '../../factories.js';
import type { Tensor } from '../../tensor.js';
import { tensor } from '../../transfer.js';
import { allGather } from '../all-gather.js';
import { allReduce, allReduce_ } from '../all-reduce.js';
import { allToAll } from '../all-to-all.js';
import { broadcast_ } from '../broadcast.js';
import type { ProcessGroup } from '../process-group.js';
import { reduceScatter } from '../reduce-scatter.js';
import { byRank, sumTo } from './by-rank.js';

/** Every collective of one rank of a group, against what arithmetic says; all ranks call this. Leaves tensors to the scope. */
export function checkCollectives(group: ProcessGroup, device: string): void {
  for (const dtype of ['float64', 'float32', 'bfloat16', 'int64'] as const) checkType(group, { dtype, device });
  checkOptions(group, device);
}

function checkType(
  group: ProcessGroup,
  options: { dtype: 'float64' | 'float32' | 'bfloat16' | 'int64'; device: string },
): void {
  const { rank, size } = group;
  const mine = tensor([rank + 1, 2, -rank], options);
  assert.deepEqual(numbers(allReduce(mine, group)), [sumTo(size), 2 * size, -sumTo(size - 1)].map(positive));
  assert.deepEqual(numbers(allReduce(mine, group, 'max')), [size, 2, 0]);
  assert.deepEqual(numbers(mine), [rank + 1, 2, -rank].map(positive), 'the input stays');
  const rows = tensor(
    byRank(group, (k) => [rank, k]),
    options,
  ); // [size, 2]
  assert.deepEqual(numbers(reduceScatter(rows, group)), [sumTo(size - 1), size * rank]);
  assert.deepEqual(numbers(allToAll(rows, group)), byRank(group, (k) => [k, rank]).flat());
  const gathered = allGather(mine.unsqueeze(0), group);
  assert.deepEqual([gathered.shape, gathered.device], [[size, 3], options.device]);
  const sent = tensor([rank, 7], options);
  broadcast_(sent, group, size - 1);
  assert.deepEqual(numbers(sent), [size - 1, 7]);
}

function checkOptions(group: ProcessGroup, device: string): void {
  const { rank, size } = group;
  const x = full([2], rank + 1, { device });
  assert.deepEqual(numbers(allReduce(x, group, 'avg')), new Array(2).fill((size + 1) / 2));
  const into = zeros([2 * size], { device });
  assert.equal(allGather(x, group, into), into);
  assert.deepEqual(numbers(into), byRank(group, (k) => [k + 1, k + 1]).flat());
  const part = zeros([2], { device });
  reduceScatter(into, group, { op: 'avg', into: part });
  assert.deepEqual(numbers(part), [rank + 1, rank + 1]);
  allReduce_(part, group);
  assert.deepEqual(numbers(part), new Array(2).fill(sumTo(size)));
  // A transposed view is read row by row.
  const table = arange(0, 6).to('float32', device).view(2, 3).transpose(0, 1);
  assert.deepEqual(
    numbers(allReduce(table, group)),
    [0, 3, 1, 4, 2, 5].map((v) => v * size),
  );
  assert.throws(() => allReduce_(table, group), /a contiguous tensor/);
  if (size > 1) assert.throws(() => reduceScatter(zeros([2 * size + 1], { device }), group), /share evenly/);
  assert.throws(() => allGather(x, group, zeros([3], { device })), /for into/);
  assert.throws(() => broadcast_(x, group, size), /a rank from 0/);
  assert.throws(() => allReduce(tensor([1], { dtype: 'int64', device }), group, 'avg'), /floating type/);
}

/** No negative zeros. */
const positive = (x: number): number => x + 0;
const numbers = (t: Tensor): number[] => t.toArray().map(positive);
