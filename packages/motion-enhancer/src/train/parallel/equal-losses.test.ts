import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { openSafetensors, scope } from '@motion-enhancer/libtorch';
import { temporaryFolder } from '@motion-enhancer/support/testing';
import { BROKEN_VIDEO, OTHER_VIDEO, row, TEXT, writePrior } from '../testing.js';
import { type ChildRun, type RanksResult, runRanks } from './testing/run-ranks.js';
import { writeSmallVlm } from './testing/write-small-vlm.js';

const dir = temporaryFolder();
const vlmDir = writeSmallVlm(join(dir, 'vlm'));
const priors = join(dir, 'priors');
for (const id of ['a', 'd']) writePrior(priors, id);

const long = Array.from({ length: 30 }, () => TEXT).join(' ');
const say = (content: string) => [
  { role: 'user' as const, content: 'What happens?' },
  { role: 'assistant' as const, content },
];
/** With and without video and prior, one that cannot be read, long and short. */
const rows = [
  row('a'),
  row('b', { video: OTHER_VIDEO }),
  row('text', { media: [], video: '', turns: say('Nothing.') }),
  row('broken', { video: BROKEN_VIDEO }),
  row('d'),
  row('long', { media: [], video: '', turns: say(long) }),
  row('e', { turns: say('A dog.') }),
];
let runs = 0;
const runOf = (given: Partial<ChildRun>): ChildRun => ({
  ...{ vlmDir, dtype: 'float64', rows, priors, out: join(dir, `run-${runs++}`), timeoutMs: 60_000 },
  ...given,
  recipe: {
    ...{ steps: 10, batchSize: 8, saveEvery: 0, lossOver: 'tokens', lambda: 0.5, lambdaRatio: 0.5, ratioEvery: 5 },
    ...{ priorScale: 'share', gate: 'focus', seed: 7 },
    ...given.recipe,
  },
});

async function trainOn(size: number, given: Partial<ChildRun>): Promise<RanksResult & { out: string }> {
  const run = runOf(given);
  const { code, output, result } = await runRanks(size, run);
  assert.equal(code, 0, output);
  return { ...result(), out: run.out };
}

const NUMBERS = ['lossAr', 'lossAlign', 'lambda', 'loss', 'gradNorm', 'gradRatio', 'rowSum'] as const;

function assertLike(one: RanksResult, other: RanksResult, tolerance: number): void {
  assert.equal(other.log.length, one.log.length);
  for (const [i, line] of one.log.entries()) {
    const its = other.log[i]!;
    for (const name of ['samples', 'tokens', 'aligned', 'words', 'droppedWords'] as const)
      assert.deepEqual(its[name], line[name], `step ${line.step}: ${name}`);
    for (const name of NUMBERS) {
      const [a, b] = [line[name] ?? 0, its[name] ?? 0];
      assert.ok(Math.abs(a - b) <= tolerance * Math.max(1, Math.abs(a)), `step ${line.step}: ${name} ${a} ${b}`);
    }
  }
  assert.equal(other.skipped, one.skipped);
}

function assertSameWeights(one: string, other: string, tolerance: number): void {
  const [a, b] = [one, other].map((out) => openSafetensors(join(out, 'checkpoint', 'model.safetensors'))) as [
    ReturnType<typeof openSafetensors>,
    ReturnType<typeof openSafetensors>,
  ];
  for (const name of a.tensors.keys())
    scope(() => {
      const difference = a.read(name).to('float64').sub(b.read(name).to('float64')).abs().max().item();
      assert.ok(difference <= tolerance, `${name}: ${difference}`);
    });
  a.close();
  b.close();
}

test('1 process × 8 = 2 × 4 = 4 × 2: losses and weights after 10 steps, in float64', async () => {
  const one = await trainOn(1, {});
  assert.ok(one.log.some(({ aligned }) => aligned > 0) && one.skipped === 1);
  for (const size of [2, 4]) {
    const several = await trainOn(size, {});
    assertLike(one, several, 1e-9);
    assertSameWeights(one.out, several.out, 1e-9);
    assert.equal(several.log[0]!.ranks, size);
  }
});

test('the same with sharded optimiser states, and with sharded weights, on one rank and several', async () => {
  const recipe = { steps: 4, batchSize: 5, saveEvery: 0 };
  const one = await trainOn(1, { recipe });
  for (const [size, sharding] of [
    [3, 'optimizer'],
    [1, 'full'],
    [3, 'full'],
  ] as const) {
    const sharded = await trainOn(size, { recipe, sharding });
    assertLike(one, sharded, 1e-9);
    assertSameWeights(one.out, sharded.out, 1e-9);
  }
});

test('with frozen parts, whose blocks stay', async () => {
  for (const freeze of [['vision'], ['llm', 'merger']]) {
    const given = {
      recipe: { steps: 3, batchSize: 3, saveEvery: 0, freeze, lambda: 0.5 },
      rows: [row('a'), row('d'), row('b', { video: OTHER_VIDEO })],
    };
    const one = await trainOn(1, given);
    const sharded = await trainOn(2, { ...given, sharding: 'full' });
    assertLike(one, sharded, 1e-9);
    assertSameWeights(one.out, sharded.out, 1e-9);
  }
});

test('losses in float32; 5 samples on 4 ranks, over samples; with windows of alike ones', async () => {
  const recipe = { steps: 5, batchSize: 5, lossOver: 'samples' as const, lengthWindow: 2 };
  const given = { dtype: 'float32' as const, recipe };
  assertLike(await trainOn(1, given), await trainOn(4, given), 1e-5);
});
