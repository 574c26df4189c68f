import assert from 'node:assert/strict';
import { test } from 'node:test';
import { tensor, zeros } from '@motion-enhancer/libtorch';
import { tensorTest } from '@motion-enhancer/libtorch/testing';
import { compare, compareExact, compareNumbers, EXACT } from './compare.js';
import type { Tolerance } from './part.js';

const check = (ours: number[], reference: number[], tolerance: Tolerance) =>
  compare('x', tensor(ours, { dtype: 'float64' }), tensor(reference, { dtype: 'float64' }), tolerance);

tensorTest('the largest deviation, absolute and relative to the largest reference entry', () => {
  const found = check([1, 2, -4.5], [1, 2, -4], { abs: 0.5, rel: 0 });
  assert.deepEqual(found, { name: 'x', maxAbs: 0.5, maxRel: 0.125, tolerance: { abs: 0.5, rel: 0 }, ok: true });
  assert.equal(check([1, 2, -4.5], [1, 2, -4], { abs: 0.49, rel: 0 }).ok, false);
  assert.equal(check([0.5, -4], [0, -4], { abs: 0, rel: 0.125 }).ok, true);
  assert.equal(check([0.5, -4], [0, -4], { abs: 0, rel: 0.124 }).ok, false);
  assert.equal(check([0.5, -4], [0, -4], { abs: 0.25, rel: 0.0625 }).ok, true, 'both tolerances add up');
});

tensorTest('exact means exact', () => {
  assert.deepEqual(check([1, 2], [1, 2], EXACT), { name: 'x', maxAbs: 0, maxRel: 0, tolerance: EXACT, ok: true });
  assert.equal(check([1, 2 + Number.EPSILON * 2], [1, 2], EXACT).ok, false);
  assert.equal(check([0, 0], [0, 0], EXACT).ok, true);
  assert.equal(check([1e-300, 0], [0, 0], EXACT).ok, false);
});

tensorTest('NaN and infinity never pass, on either side, whatever the tolerance', () => {
  const [nan, inf] = [Number.NaN, Number.POSITIVE_INFINITY];
  for (const tolerance of [EXACT, { abs: 1e9, rel: 1e9 }, { abs: inf, rel: 0 }])
    for (const [a, b] of [
      [nan, 1],
      [1, nan],
      [nan, nan],
      [inf, 1],
      [1, inf],
      [inf, inf],
      [-inf, inf],
    ] as const)
      assert.equal(check([0, a], [0, b], tolerance).ok, false, `${a} ${b}`);
});

tensorTest('shapes must be equal; dtypes need not be', () => {
  const found = compare('x', zeros([2, 3]), zeros([3, 2]), { abs: 9, rel: 9 });
  assert.deepEqual([found.ok, found.note], [false, 'shape [2, 3], expected [3, 2]']);
  assert.equal(compare('x', zeros([6]), zeros([2, 3]), EXACT).ok, false);
  assert.equal(compare('x', zeros([1]), zeros([]), EXACT).ok, false);
  assert.equal(compare('x', zeros([0, 3]), zeros([0, 3]), EXACT).ok, true);
  assert.equal(compare('x', tensor([0.5]).requiresGrad_(), tensor([0.5], { dtype: 'bfloat16' }), EXACT).ok, true);
  assert.equal(compare('x', tensor([1, 2]), tensor([1, 2], { dtype: 'int64' }), EXACT).ok, true);
});

test('lists of ids: equal, or the first difference is reported', () => {
  assert.equal(compareExact('x', [1, 2], [1, 2]).ok, true);
  assert.equal(compareExact('x', [], []).ok, true);
  assert.deepEqual(compareExact('x', [1, 5, 4], [1, 2, 3]).note, 'first difference at 1: 5, expected 2');
  assert.deepEqual(
    [compareExact('x', [1], [1, 2]).ok, compareExact('x', [1], [1, 2]).note],
    [false, '1 values, expected 2'],
  );
  assert.equal(compareExact('x', [Number.NaN], [Number.NaN]).ok, false);
});

test('lists of numbers: within a tolerance, never NaN or infinity', () => {
  const tolerance = { abs: 0.5, rel: 0 };
  assert.deepEqual(compareNumbers('x', [1, 2.5], [1, 2], tolerance), {
    name: 'x',
    maxAbs: 0.5,
    maxRel: 0.25,
    tolerance,
    ok: true,
  });
  assert.equal(compareNumbers('x', [1, 2.6], [1, 2], tolerance).ok, false);
  assert.equal(compareNumbers('x', [1], [1, 2], tolerance).ok, false);
  for (const [a, b] of [
    [Number.NaN, 1],
    [1, Number.NaN],
    [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY],
  ] as const)
    assert.equal(compareNumbers('x', [a], [b], { abs: Number.POSITIVE_INFINITY, rel: 0 }).ok, false);
});
