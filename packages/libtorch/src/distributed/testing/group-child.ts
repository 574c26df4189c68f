// One rank of the tests of process groups: node group-child.js SCENARIO, with the variables of a launcher.
import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import type { UserError } from '@motion-enhancer/support';
import { cuda } from '../../devices.js';
import { full, zeros } from '../../factories.js';
import { liveTensors, scope, scopeAsync } from '../../scope.js';
import { allGatherAsync } from '../all-gather.js';
import { allReduce, allReduceAsync, allReduceAsync_ } from '../all-reduce.js';
import { barrier } from '../barrier.js';
import { broadcastJson } from '../broadcast-json.js';
import { explainFailure } from '../explain-failure.js';
import { gatherJson } from '../gather-json.js';
import { joinGroup } from '../join-group.js';
import { readGroupEnvironment } from '../read-group-environment.js';
import { byRank, sumTo } from './by-rank.js';
import { checkCollectives } from './check-collectives.js';

const SCENARIOS: Record<string, () => Promise<void>> = {
  async collectives() {
    const environment = readGroupEnvironment();
    const gpus = process.env.DEVICE === 'cuda' ? cuda().count : 0;
    const device = gpus > 0 ? `cuda:${environment.localRank % gpus}` : 'cpu';
    const group = await joinGroup({ ...environment, device, timeoutMs: 20_000 });
    assert.equal(group.backend, process.env.EXPECTED_BACKEND ?? 'gloo');
    const before = liveTensors();
    scope(() => checkCollectives(group, device));
    await scopeAsync(async (s) => {
      const running = s.run(() => {
        const ones = full([3], group.rank + 1, { dtype: 'float64', device });
        const flat = zeros([8], { device }).add_(group.rank);
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

await SCENARIOS[process.argv[2]!]!();
