import assert from 'node:assert/strict';
import { test } from 'node:test';
import { freshSeed, randomSource } from '@motion-enhancer/support/testing';
import { rankByLoss } from './loss-ranking.js';

test('sum and mean choose differently where lengths differ', () => {
  const tokens = [[3], [1, 1, 1.5], [2, 2]];
  assert.deepEqual(rankByLoss(tokens, 'sum'), { choice: 0, losses: [3, 3.5, 4] });
  assert.equal(rankByLoss(tokens, 'mean').choice, 1);
});

test('ties take the first; NaN and empty options never win', () => {
  assert.equal(rankByLoss([[2], [1], [1]], 'sum').choice, 1);
  assert.equal(rankByLoss([[Number.NaN], [5], [4]], 'mean').choice, 2);
  assert.equal(rankByLoss([[], [5]], 'sum').choice, 1);
  assert.equal(rankByLoss([[], []], 'sum').choice, 0);
});

const seed = freshSeed();
test(`mean and sum agree for options of one length; a constant added to every token keeps the mean’s choice (seed ${seed})`, () => {
  const { next, below } = randomSource(seed);
  for (let k = 0; k < 100; k++) {
    const length = 1 + below(5);
    const equal = Array.from({ length: 4 }, () => Array.from({ length }, next));
    assert.equal(rankByLoss(equal, 'sum').choice, rankByLoss(equal, 'mean').choice);
    const ragged = Array.from({ length: 4 }, () => Array.from({ length: 1 + below(6) }, next));
    const raised = ragged.map((tokens) => Float32Array.from(tokens, (x) => x + 4));
    assert.equal(rankByLoss(raised, 'mean').choice, rankByLoss(ragged, 'mean').choice);
  }
});
