// One rank of the tests of process groups: node group-child.js SCENARIO, with the variables of a launcher.
import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import type { UserError } from '../../errors.js';
import { arange, full, zeros } from '../../factories.js';
import { liveTensors, scope, scopeAsync } from '../../scope.js';
import type { Tensor } from '../../tensor.js';
import { tensor } from '../../transfer.js';
import { allGather, allGatherAsync } from '../all-gather.js';
import { allReduce, allReduce_, allReduceAsync, allReduceAsync_ } from '../all-reduce.js';
import { allToAll } from '../all-to-all.js';
import { barrier } from '../barrier.js';
import { broadcast_ } from '../broadcast.js';
import { broadcastJson } from '../broadcast-json.js';
import { explainFailure } from '../explain-failure.js';
import { gatherJson } from '../gather-json.js';
import { joinGroup } from '../join-group.js';
import type { ProcessGroup } from '../process-group.js';
import { readGroupEnvironment } from '../read-group-environment.js';
import { reduceScatter } from '../reduce-scatter.js';

const SCENARIOS: Record<string, () => Promise<void>> = {
  async collectives() {
    const group = await joinGroup({ ...readGroupEnvironment(), timeoutMs: 20_000 });
    const before = liveTensors();
    scope(() => checkSync(group));
    await scopeAsync(async (s) => {
      const running = s.run(() => {
        const ones = full([3], group.rank + 1, { dtype: 'float64' });
        const flat = zeros([8]).add_(group.rank);
        // Two parts of one buffer under way at once, as gradients are.
        return [
          allReduceAsync(ones, group),
          allGatherAsync(ones, group),
          allReduceAsync_(flat.narrow(0, 0, 4), group),
          allReduceAsync_(flat.narrow(0, 4, 4), group, 'max'),
        ];
      });
      const [sum, gathered, low, high] = await Promise.all(running.map((one) => one.wait()));
      assert.deepEqual(sum!.toArray(), new Array(3).fill(sumTo(group.size)));
      assert.deepEqual(gathered!.toArray(), byRank(group, (k) => [k + 1, k + 1, k + 1]).flat());
      assert.deepEqual(low!.toArray(), new Array(4).fill(sumTo(group.size - 1)));
      assert.deepEqual(high!.toArray(), new Array(4).fill(group.size - 1));
    });
    assert.equal(liveTensors(), before);
    await group.close();
  },

  async json() {
    const group = await joinGroup({ ...readGroupEnvironment(), timeoutMs: 20_000 });
    for (let round = 0; round < 3; round++) {
      const all = await gatherJson({ rank: group.rank, round, text: 'ä"\n' }, group);
      assert.deepEqual(
        all,
        byRank(group, (rank) => ({ rank, round, text: 'ä"\n' })),
      );
      const root = round % group.size;
      assert.deepEqual(await broadcastJson(group.rank === root ? [round, null] : 'unread', group, root), [round, null]);
      await barrier(group);
    }
    // The last to come decides when the first goes on.
    const late = group.rank === group.size - 1;
    const start = performance.now();
    if (late) await sleep(150);
    await barrier(group);
    assert.ok(performance.now() - start > 100);
    await group.close();
    assert.throws(() => scope(() => allReduce(zeros([1]), group)), /a group that is open/);
  },

  async leaving() {
    const group = await joinGroup({ ...readGroupEnvironment(), timeoutMs: 1000, joinTimeoutMs: 20_000 });
    scope(() => allReduce(zeros([1]), group));
    const leaver = Number(process.env.LEAVER);
    if (group.rank === leaver) process.kill(process.pid, process.env.BY as NodeJS.Signals);
    await reportFailure(async () => {
      await scopeAsync(async (s) => {
        await s.run(() => allReduceAsync(zeros([1]), group)).wait();
      });
    });
    await reportFailure(async () => {
      try {
        scope(() => allReduce(zeros([1]), group));
      } catch (error) {
        throw await explainFailure(group, error as UserError);
      }
    });
    await reportFailure(() => barrier(group));
    await group.close();
  },
};

/** Prints how long it took to fail and with what. */
async function reportFailure(body: () => Promise<void>): Promise<void> {
  const start = performance.now();
  try {
    await body();
    console.log(JSON.stringify({ error: null }));
  } catch (error) {
    const { message, code } = error as UserError;
    console.log(JSON.stringify({ error: message, code, ms: performance.now() - start }));
  }
}

function checkSync(group: ProcessGroup): void {
  const { rank, size } = group;
  for (const dtype of ['float64', 'float32', 'bfloat16', 'int64'] as const) {
    const mine = tensor([rank + 1, 2, -rank], { dtype });
    assert.deepEqual(numbers(allReduce(mine, group)), [sumTo(size), 2 * size, -sumTo(size - 1)]);
    assert.deepEqual(numbers(allReduce(mine, group, 'max')), [size, 2, 0]);
    assert.deepEqual(
      numbers(mine),
      [rank + 1, 2, -rank].map((x) => x + 0),
      'the input stays',
    );
    const rows = tensor(
      byRank(group, (k) => [rank, k]),
      { dtype },
    ); // [size, 2]
    assert.deepEqual(numbers(reduceScatter(rows, group)), [sumTo(size - 1), size * rank]);
    assert.deepEqual(numbers(allToAll(rows, group)), byRank(group, (k) => [k, rank]).flat());
    const shape = allGather(mine.unsqueeze(0), group);
    assert.deepEqual(shape.shape, [size, 3]);
    const sent = tensor([rank, 7], { dtype });
    broadcast_(sent, group, size - 1);
    assert.deepEqual(numbers(sent), [size - 1, 7]);
  }
  const x = full([2], rank + 1);
  assert.deepEqual(allReduce(x, group, 'avg').toArray(), new Array(2).fill((size + 1) / 2));
  const into = zeros([2 * size]);
  assert.equal(allGather(x, group, into), into);
  assert.deepEqual(into.toArray(), byRank(group, (k) => [k + 1, k + 1]).flat());
  const part = zeros([2]);
  reduceScatter(into, group, { op: 'avg', into: part });
  assert.deepEqual(part.toArray(), [rank + 1, rank + 1]);
  allReduce_(part, group);
  assert.deepEqual(part.toArray(), new Array(2).fill(sumTo(size)));
  // A transposed view is read row by row.
  const table = arange(0, 6).to('float32').view(2, 3).transpose(0, 1);
  assert.deepEqual(
    allReduce(table, group).toArray(),
    [0, 3, 1, 4, 2, 5].map((v) => v * size),
  );
  assert.throws(() => allReduce_(table, group), /a contiguous tensor/);
  assert.throws(() => reduceScatter(zeros([2 * size + 1]), group), /share evenly/);
  assert.throws(() => allGather(x, group, zeros([3])), /for into/);
  assert.throws(() => broadcast_(x, group, size), /a rank from 0/);
  assert.throws(() => allReduce(tensor([1], { dtype: 'int64' }), group, 'avg'), /floating type/);
}

/** 1 + 2 + … + n */
const sumTo = (n: number): number => (n * (n + 1)) / 2;
const byRank = <T>({ size }: ProcessGroup, value: (rank: number) => T): T[] =>
  Array.from({ length: size }, (_, rank) => value(rank));
const numbers = (t: Tensor): number[] => t.toArray().map((x) => x + 0);

await SCENARIOS[process.argv[2]!]!();
