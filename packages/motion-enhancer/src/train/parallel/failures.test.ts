import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { temporaryFolder } from '@motion-enhancer/support/testing';
import { OTHER_VIDEO, row } from '../testing.js';
import { type ChildRun, runRanks } from './testing/run-ranks.js';
import { writeSmallVlm } from './testing/write-small-vlm.js';

const dir = temporaryFolder();
const vlmDir = writeSmallVlm(join(dir, 'vlm'));
const rows = [row('a'), row('b', { video: OTHER_VIDEO })];
const runOf = (out: string, given: Partial<ChildRun> = {}): ChildRun => ({
  ...{ vlmDir, dtype: 'float32', rows, priors: null, out: join(dir, out), timeoutMs: 60_000, sharding: 'full' },
  ...given,
  recipe: { steps: 5, batchSize: 2, saveEvery: 1, ...given.recipe },
});

describe('when something goes wrong', { concurrency: 2 }, () => {
  test('a rank that is killed ends all, is named, and the run goes on with fewer from the last state', async () => {
    const run = runOf('killed');
    const { code, output } = await runRanks(3, {
      ...run,
      ...threeSamples(run),
      failure: { rank: 1, step: 3, how: 'kill' },
    });
    assert.equal(code, 137, output);
    assert.match(output, /Rank 1 of 3 was ended by SIGKILL, before any other failed/);
    const again = await runRanks(2, { ...run, ...threeSamples(run), sharding: 'none', resume: true });
    assert.equal(again.code, 0, again.output);
    assert.deepEqual(
      again.result().log.map(({ step, ranks }) => [step, ranks]),
      [3, 3, 2, 2, 2].map((ranks, i) => [i + 1, ranks]),
    );
  });

  test('a rank that hangs: the others say for whom they waited, at which step, with which samples', async () => {
    const { code, output } = await runRanks(
      2,
      runOf('hung', { timeoutMs: 3000, failure: { rank: 1, step: 2, how: 'stop' } }),
    );
    assert.notEqual(code, 0);
    assert.match(
      output,
      /\[rank 0\] Step [23], rank 0 of 2 on \S+ .*: Rank 0 of 2 waited [34]\.\d s in gatherJson: rank 1 did not come. No word from rank 1 \(\S+\)/,
    );
    assert.ok(
      existsSync(join(dir, 'hung/states/step-00000002/state.json')) ||
        existsSync(join(dir, 'hung/states/step-00000001/state.json')),
    );
  });

  test('losses that are not finite end all ranks; each names its samples, and nothing is saved', async () => {
    const { code, output } = await runRanks(
      2,
      runOf('nan', { recipe: { lr: 1e30, mergerLr: 1e30, visionLr: 1e30, saveEvery: 0 } }),
    );
    assert.equal(code, 1, output);
    assert.match(
      output,
      /Step \d gave a loss or gradient that is not finite \(rank [01] on \S+, (whose losses are finite, )?samples [ab]\)/,
    );
    assert.ok(!existsSync(join(dir, 'nan/states')) && !existsSync(join(dir, 'nan/checkpoint')));
  });

  test('ranks with other settings are refused, with both values; so is a batch with fewer samples than ranks', async () => {
    const other = await runRanks(2, runOf('other', { onlyOnRank1: { lr: 2e-3 } }));
    assert.equal(other.code, 1);
    assert.match(other.output, /received lr 0\.001 on rank 0 \(\S+\) and 0\.002 on rank 1 \(\S+\)/);
    const few = await runRanks(2, runOf('few', { recipe: { batchSize: 1 } }));
    assert.equal(few.code, 1);
    assert.match(few.output, /Expected at least 2, a sample for each rank, for batchSize but received 1/);
    assert.ok(!existsSync(join(dir, 'few')));
  });
});

const threeSamples = (run: ChildRun) => ({ recipe: { ...run.recipe, batchSize: 3 } });
