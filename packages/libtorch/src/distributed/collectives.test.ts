import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { full } from '../factories.js';
import { native } from '../native.js';
import { scope, scopeAsync } from '../scope.js';
import { leakFree } from '../testing/leak-free.js';
import { allGather } from './all-gather.js';
import { allReduce, allReduce_, allReduceAsync } from './all-reduce.js';
import { allToAll } from './all-to-all.js';
import { barrier } from './barrier.js';
import { broadcast_ } from './broadcast.js';
import { broadcastJson } from './broadcast-json.js';
import { gatherJson } from './gather-json.js';
import { joinGroup } from './join-group.js';
import { readGroupEnvironment } from './read-group-environment.js';
import { reduceScatter } from './reduce-scatter.js';
import { freePort } from './testing/free-port.js';
import { type RankEnd, runRanks } from './testing/run-ranks.js';
import { withDeadline } from './with-deadline.js';

function allWell(ends: readonly RankEnd[]): void {
  for (const [rank, { code, signal, stderr }] of ends.entries()) {
    assert.deepEqual([code, signal, stderr], [0, null, ''], `rank ${rank}`);
  }
}

describe('several processes', { concurrency: 2 }, () => {
  test('two processes: sums, maxima, averages, gathers, shares and deals are right, waiting or not', async () => {
    allWell(await runRanks('collectives', 2));
  });

  test('four processes, which meet at a port as under torchrun', async () => {
    const env = { MASTER_ADDR: '127.0.0.1', MASTER_PORT: `${await freePort()}` };
    allWell(await runRanks('collectives', 4, { env }));
  });

  test('small values are gathered and broadcast, and a barrier waits for the last', async () => {
    // As under a torchrun whose agent serves the store, which here is this process.
    const port = await freePort();
    const opening = native.openStore('127.0.0.1', port, true, '', 1, 20_000);
    const served = await withDeadline(opening, 20_000, () => new Error('late'));
    const env = {
      MASTER_ADDR: 'localhost',
      MASTER_PORT: `${port}`,
      TORCHELASTIC_USE_AGENT_STORE: 'True',
      TORCHELASTIC_RESTART_COUNT: '1',
    };
    const [byPort, byFile] = await Promise.all([runRanks('json', 2, { env }), runRanks('json', 3)]);
    allWell(byPort);
    allWell(byFile);
    native.closeStore(served);
  });
});

leakFree('a group of one gives back what it gets and calls nothing native', async () => {
  const group = await joinGroup({ ...readGroupEnvironment({}), timeoutMs: 1 });
  assert.deepEqual([group.rank, group.size, group.backend], [0, 1, 'none']);
  await scopeAsync(async (s) => {
    const pending = s.run(() => allReduceAsync(full([1], 3), group));
    assert.equal((await pending.wait()).item(), 3);
  });
  scope(() => {
    const x = full([4], 2);
    for (const same of [allReduce(x, group, 'avg'), allGather(x, group), reduceScatter(x, group), allToAll(x, group)])
      assert.deepEqual(same.toArray(), [2, 2, 2, 2]);
    assert.equal(allReduce_(x, group), x);
    assert.equal(broadcast_(x, group), x);
    const into = full([4], 0);
    assert.deepEqual(allGather(x, group, into).toArray(), [2, 2, 2, 2]);
  });
  assert.deepEqual(await gatherJson({ a: 1 }, group), [{ a: 1 }]);
  assert.equal(await broadcastJson('x', group), 'x');
  await barrier(group);
  await group.close();
});
