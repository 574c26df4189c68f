import assert from 'node:assert/strict';
import { test } from 'node:test';
import { freshSeed, randomSource } from '@motion-enhancer/support/testing';
import type { EvalQuestion } from '../benchmarks/question.js';
import { batchesOf, groupsOf, shardOf, windowsOf } from './plan.js';

const question = (id: number, path: string) => ({ id: String(id), medium: { type: 'video', path } }) as EvalQuestion;

test('groups, shards and windows hold every question once, a video’s together', () => {
  const seed = freshSeed();
  const random = randomSource(seed);
  const questions = Array.from({ length: 200 }, (_, i) => question(i, `v${random.below(40)}`));
  const groups = groupsOf(questions);
  assert.equal(groups.length, new Set(questions.map(({ medium }) => (medium as { path: string }).path)).size);
  const shards = [0, 1, 2].map((index) => shardOf(groups, { index, count: 3 }));
  const ids = (list: typeof groups) => list.flatMap((group) => group.questions.map(({ id }) => Number(id)));
  assert.deepEqual(
    ids(shards.flat()).sort((a, b) => a - b),
    questions.map((_, i) => i),
    `TEST_SEED=${seed}`,
  );
  const windows = windowsOf(groups, 16);
  assert.deepEqual(windows.flat(), groups);
  for (const window of windows.slice(0, -1)) {
    const count = ids(window).length;
    assert.ok(count >= 16 && count - window.at(-1)!.questions.length < 16);
  }
  assert.deepEqual(windowsOf([], 4), []);
});

test('batches: never more than allowed, of questions or of tokens with padding; one that is too long is alone', () => {
  const random = randomSource(4);
  const lengths = Array.from({ length: 300 }, () => 1 + random.below(50)).sort((a, b) => a - b);
  const batches = batchesOf([...lengths, 900], (n) => n, 8, 200);
  assert.deepEqual(batches.flat(), [...lengths, 900]);
  for (const batch of batches) {
    assert.ok(batch.length <= 8);
    assert.ok(batch.length === 1 || batch.length * Math.max(...batch) <= 200);
  }
  assert.deepEqual(batches.at(-1), [900]);
  assert.deepEqual(
    batchesOf([], () => 1, 4, 10),
    [],
  );
});
