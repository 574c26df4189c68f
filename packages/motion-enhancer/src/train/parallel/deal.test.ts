import assert from 'node:assert/strict';
import { test } from 'node:test';
import { deal } from './deal.js';

const counts = (owners: readonly number[], ranks: number) =>
  Array.from({ length: ranks }, (_, rank) => owners.filter((owner) => owner === rank).length).sort();

test('8 samples on 6 ranks: two ranks take two, whatever their sizes', () => {
  for (const work of [new Array(8).fill(1), [100, 1, 1, 1, 1, 1, 1, 1], [1, 2, 3, 4, 5, 6, 7, 8]]) {
    assert.deepEqual(counts(deal(work, 6), 6), [1, 1, 1, 1, 2, 2]);
    assert.deepEqual(counts(deal(work, 4), 4), [2, 2, 2, 2]);
    assert.deepEqual(counts(deal(work, 1), 1), [8]);
  }
});

test('large samples go with small ones', () => {
  const work = [8, 7, 6, 5, 4, 3, 2, 1];
  const owners = deal(work, 4);
  const loads = [0, 1, 2, 3].map((rank) => work.reduce((sum, w, i) => sum + (owners[i] === rank ? w : 0), 0));
  assert.deepEqual(loads, [9, 9, 9, 9]);
});

test('what replaces a sample goes to a rank that has fewer', () => {
  assert.deepEqual(deal([5], 2, [2, 1], [2, 9]), [1]);
  assert.deepEqual(counts([...deal([1, 1], 3, [2, 2, 2], [1, 2, 3]), 0, 0, 1, 1, 2, 2], 3), [2, 3, 3]);
});
