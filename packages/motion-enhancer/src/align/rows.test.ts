import assert from 'node:assert/strict';
import { test } from 'node:test';
import { grad, rand } from '@motion-enhancer/libtorch';
import { closeTo, tensorTest } from '@motion-enhancer/libtorch/testing';
import { rowsOfWords, wordAttention } from './rows.js';

test('query rows: distinct, ascending', () => {
  assert.deepEqual(rowsOfWords([[12], [9, 10], [10, 11]]), [9, 10, 11, 12]);
  assert.deepEqual(rowsOfWords([]), []);
});

tensorTest('rows of words: the mean of their tokens’ rows, visual columns only; gradients flow', () => {
  const positions = [9, 10, 12];
  const rows = rand([3, 14], { dtype: 'float64', requiresGrad: true });
  const words = [[10], [12, 9], [9, 10, 12], [9]];
  const out = wordAttention(rows, positions, words, [2, 7]);
  assert.deepEqual(out.shape, [4, 5]);
  const all = rows.tolist() as number[][];
  const expected = words.flatMap((tokens) =>
    [2, 3, 4, 5, 6].map((c) => tokens.reduce((sum, t) => sum + all[positions.indexOf(t)]![c]!, 0) / tokens.length),
  );
  closeTo(out, expected, 1e-14);
  const [gradient] = grad([out.sum()], [rows]);
  // Row 9 counts in three words: a half, a third and one.
  const share = [1 / 2 + 1 / 3 + 1, 1 + 1 / 3, 1 / 2 + 1 / 3];
  closeTo(
    gradient!,
    share.flatMap((s) => Array.from({ length: 14 }, (_, c) => (c >= 2 && c < 7 ? s : 0))),
    1e-14,
  );
});
