import assert from 'node:assert/strict';
import { test } from 'node:test';
import { freshSeed } from '@motion-enhancer/support/testing';
import { trainingOrder } from './order.js';

const seed = freshSeed();

test(`each epoch is a permutation of its own (seed ${seed})`, () => {
  const rows = 23;
  const order = trainingOrder(rows, 4 * rows, seed);
  const epochs = [0, 1, 2, 3].map((e) => order.slice(e * rows, (e + 1) * rows));
  for (const epoch of epochs)
    assert.deepEqual(
      [...epoch].sort((a, b) => a - b),
      Array.from({ length: rows }, (_, i) => i),
    );
  assert.equal(new Set(epochs.map(String)).size, 4);
});

test(`the order follows from the seed alone, and a shorter run is its beginning (seed ${seed})`, () => {
  const order = trainingOrder(17, 40, seed);
  assert.deepEqual(trainingOrder(17, 40, seed), order);
  assert.deepEqual(trainingOrder(17, 25, seed), order.slice(0, 25));
  assert.notDeepEqual(trainingOrder(17, 40, seed + 1), order);
});

test('every row comes first about equally often', () => {
  const first = new Array<number>(5).fill(0);
  for (let s = 0; s < 2000; s++) first[trainingOrder(5, 1, s)[0]!]!++;
  // 400 each; six standard deviations are 107.
  for (const count of first) assert.ok(Math.abs(count - 400) < 107, String(first));
});

test('one row, and no samples', () => {
  assert.deepEqual(trainingOrder(1, 3, seed), [0, 0, 0]);
  assert.deepEqual(trainingOrder(4, 0, seed), []);
});
