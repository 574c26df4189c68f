import assert from 'node:assert/strict';
import { test } from 'node:test';
import { topCount } from './top-count.js';

test('a share of n rounded up, without what floating point adds; at least one, at most all', () => {
  // 0.55 · 900 is 495.00000000000006.
  assert.deepEqual([topCount(900, 0.55), topCount(48, 0.5), topCount(5, 0.5)], [495, 24, 3]);
  assert.deepEqual([topCount(7, 0), topCount(7, 1), topCount(7, 2)], [1, 7, 7]);
  for (let n = 1; n <= 100; n++)
    for (let kept = 1; kept <= n; kept++) assert.equal(topCount(n, kept / n), kept, `${kept} of ${n}`);
});
