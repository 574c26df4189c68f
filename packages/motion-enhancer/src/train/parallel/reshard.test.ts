import assert from 'node:assert/strict';
import { readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { temporaryFolder } from '@motion-enhancer/support/testing';
import { OTHER_VIDEO, row, timeless, writePrior } from '../testing.js';
import { type ChildRun, type RanksResult, runRanks } from './testing/run-ranks.js';
import { writeSmallVlm } from './testing/write-small-vlm.js';

const dir = temporaryFolder();
const vlmDir = writeSmallVlm(join(dir, 'vlm'));
const priors = join(dir, 'priors');
writePrior(priors, 'a');
const rows = [row('a'), row('b', { video: OTHER_VIDEO }), row('text', { media: [], video: '' })];
const recipe = { steps: 8, batchSize: 4, saveEvery: 0, keepStates: 9 };

async function train(size: number, out: string, given: Partial<ChildRun>): Promise<RanksResult> {
  const run = {
    vlmDir,
    dtype: 'float64' as const,
    rows,
    priors,
    out: join(dir, out),
    recipe,
    timeoutMs: 60_000,
    ...given,
  };
  const { code, output, result } = await runRanks(size, run);
  assert.equal(code, 0, output);
  return result();
}

/** SIGTERM to the last rank after a step. */
const until = (size: number, step: number) => ({ failure: { rank: size - 1, step, how: 'term' as const } });
const tail = (result: RanksResult) =>
  timeless(result.log).map(({ step, lossAr, lossAlign, gradNorm, lambda, samples }) => ({
    ...{ step, lossAr, lossAlign, gradNorm, lambda, samples },
  }));

test('a run goes on with 2, 4 and 1 ranks, in shards and without, as if it had never stopped; SIGTERM to any rank saves once', async () => {
  const whole = await train(1, 'whole', {});
  const parts: [number, NonNullable<ChildRun['sharding']>, number][] = [
    [1, 'none', 2],
    [2, 'full', 4],
    [4, 'optimizer', 6],
    [1, 'none', 9],
  ];
  let last: RanksResult | null = null;
  const ends: number[] = [];
  for (const [size, sharding, end] of parts) {
    last = await train(size, 'parts', { sharding, resume: end > 2, ...until(size, end) });
    assert.equal(last.finished, end === 9);
    // The signal may come when the next step has begun.
    assert.ok(end === 9 ? last.steps === 8 : last.steps === end || last.steps === end + 1, `${last.steps} ${end}`);
    if (!last.finished) ends.push(last.steps);
  }
  assert.deepEqual(
    readdirSync(join(dir, 'parts/states')).sort(),
    ends.map((step) => `step-0000000${step}`),
  );
  assert.deepEqual(
    readdirSync(join(dir, `parts/states/step-0000000${ends.at(-1)}`)).length,
    1 + 8,
    'a file a block and group',
  );
  const [wanted, got] = [tail(whole), tail(last!)];
  assert.equal(got.length, 8);
  for (const [i, line] of wanted.entries()) {
    assert.deepEqual(got[i]!.samples, line.samples);
    for (const name of ['lossAr', 'lossAlign', 'gradNorm'] as const) {
      const [a, b] = [line[name] ?? 0, got[i]![name] ?? 0];
      assert.ok(Math.abs(a - b) <= 1e-9 * Math.max(1, Math.abs(a)), `step ${line.step}: ${name} ${a} ${b}`);
    }
  }
});

test('the same number of ranks goes on bit for bit', async () => {
  const given = { sharding: 'full' as const, recipe: { ...recipe, steps: 4 }, dtype: 'bfloat16' as const };
  const whole = await train(2, 'full', given);
  await train(2, 'again', { ...given, ...until(2, 2) });
  const again = await train(2, 'again', { ...given, resume: true });
  assert.deepEqual(tail(again), tail(whole));
  rmSync(join(dir, 'full'), { recursive: true });
});
