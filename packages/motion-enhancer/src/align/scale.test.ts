import assert from 'node:assert/strict';
import { test } from 'node:test';
import { rand, tensor } from '@motion-enhancer/libtorch';
import { closeTo, tensorTest } from '@motion-enhancer/libtorch/testing';
import { scaleMap, scaleRows } from './scale.js';

test('by hand: the sum is what was asked for, ratios stay; zeros stay zeros', () => {
  closeTo(scaleMap(Float32Array.of(1, 2, 0, 5), 0.4), [0.05, 0.1, 0, 0.25], 1e-6);
  const zeros = Float32Array.of(0, 0);
  assert.equal(scaleMap(zeros, 0.4), zeros);
});

tensorTest('rows of a tensor, each by itself, in its type; what was given stays as it was', () => {
  const rows = tensor([1, 3, 0, 0, 20, 60], { shape: [3, 2] });
  const scaled = scaleRows(rows, 0.2);
  closeTo(scaled.flatten(), [0.05, 0.15, 0, 0, 0.05, 0.15], 1e-6);
  assert.deepEqual(rows.toArray(), [1, 3, 0, 0, 20, 60]);
  assert.equal(scaleRows(rows, null), rows);
  closeTo(scaleRows(rand([7, 5]).add(0.01), 0.03).sum(-1), new Array(7).fill(0.03), 1e-6);
  const half = scaleRows(rows.to('float16'), 0.2);
  assert.deepEqual([half.dtype, half.shape], ['float16', [3, 2]]);
  closeTo(half.to('float32').flatten(), scaled.flatten(), 1e-3);
});

tensorTest('rows by operators equal each map by itself, in single numbers', () => {
  for (const size of [1e-40, 1e-36, 1e-4, 1, 1e30])
    for (const sum of [1e-3, 1, 40]) {
      const rows = rand([6, 77]).mul(size);
      const found = scaleRows(rows, sum);
      for (let w = 0; w < 6; w++) closeTo(found.select(0, w), scaleMap(rows.select(0, w).toFloat32Array(), sum), 1e-6);
    }
});
