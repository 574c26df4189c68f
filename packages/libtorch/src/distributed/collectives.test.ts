import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { cuda } from '../devices.js';
import { full } from '../factories.js';
import { native } from '../native.js';
import { liveTensors, scope, scopeAsync } from '../scope.js';
import { leakFree } from '../testing/leak-free.js';
import { allGather } from './all-gather.js';
import { allReduce, allReduce_, allReduceAsync } from './all-reduce.js';
import { allToAll } from './all-to-all.js';
import { barrier } from './barrier.js';
import { broadcast_ } from './broadcast.js';
import { broadcastJson } from './broadcast-json.js';
import { gatherJson } from './gather-json.js';
import { groupBackends } from './group-backends.js';
import { joinGroup } from './join-group.js';
import { readGroupEnvironment } from './read-group-environment.js';
import { reduceScatter } from './reduce-scatter.js';
import { checkCollectives } from './testing/check-collectives.js';
import { freePort } from './testing/free-port.js';
import { type RankEnd, runRanks } from './testing/run-ranks.js';
import { withDeadline } from './with-deadline.js';

function allWell(ends: readonly RankEnd[]): void {
  for (const [rank, { code, signal, stderr }] of ends.entries()) {
    assert.deepEqual([code, signal, stderr], [0, null, ''], `rank ${rank}`);
  }
}

describe('several processes', { concurrency: 2 }, () => {
  test('two processes: sums, maxima, averages, gathers, shares and scatters are right, waiting or not', async () => {
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

const gpus = cuda().count;
const noGpu = gpus > 0 ? false : 'no NVIDIA GPU on this machine';
const noNccl = noGpu || (native.hasNccl() ? false : `no NCCL: ${groupBackends().why}`);

for (const [backend, device, skip] of [
  ['gloo', 'cpu', false],
  ['gloo', 'cuda:0', noGpu],
  ['nccl', 'cuda:0', noNccl],
] as const) {
  test(`one process with ${backend} and tensors on ${device}: the whole way, with nobody to wait for`, {
    skip,
  }, async (t) => {
    const folder = mkdtempSync(join(tmpdir(), 'group-'));
    t.after(() => rmSync(folder, { recursive: true }));
    const before = liveTensors();
    const store = { kind: 'file', path: join(folder, 'store') } as const;
    const group = await joinGroup({ rank: 0, size: 1, store, backend, device, timeoutMs: 20_000 });
    assert.equal(group.backend, backend);
    scope(() => checkCollectives(group, device));
    // CPU tensors find their way beside NCCL too.
    scope(() => checkCollectives(group, 'cpu'));
    await scopeAsync(async (s) => {
      const pending = s.run(() => allReduceAsync(full([3], 2, { device }), group));
      assert.deepEqual((await pending.wait()).toArray(), [2, 2, 2]);
    });
    assert.deepEqual(await gatherJson(7, group), [7]);
    await barrier(group);
    await group.close();
    assert.equal(liveTensors(), before);
  });
}

test('two processes that share a GPU go through host memory', { skip: noGpu }, async () => {
  allWell(await runRanks('collectives', 2, { variables: { DEVICE: 'cuda', CUDA_VISIBLE_DEVICES: '0' } }));
});

const noPair = noNccl || (gpus > 1 ? false : 'only one GPU');
test('two GPUs talk by NCCL', { skip: noPair }, async () => {
  allWell(await runRanks('collectives', 2, { variables: { DEVICE: 'cuda', EXPECTED_BACKEND: 'nccl' } }));
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
