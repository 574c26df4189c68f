import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Generator, rand, tensor } from '@motion-enhancer/libtorch';
import { closeTo, tensorTest } from '@motion-enhancer/libtorch/testing';
import { freshSeed } from '@motion-enhancer/support/testing';
import { mapSum } from './map-rows.js';
import { sharpenMap, sharpenRows } from './sharpen.js';

const map = (...values: number[]) => Float32Array.from(values);

test('by hand: squares, roots and fourth powers with the sum kept', () => {
  // 1 + 4 = 5 for a sum of 3.
  closeTo(sharpenMap(map(1, 2, 0, 0), 2), [0.6, 2.4, 0, 0], 1e-6);
  // 1 + 2 + 3 = 6 for a sum of 14.
  closeTo(sharpenMap(map(1, 4, 9, 0), 0.5), [14 / 6, 28 / 6, 7, 0], 1e-6);
  // 1 + 16 + 81 = 98 for a sum of 6.
  closeTo(sharpenMap(map(1, 2, 3), 4), [6 / 98, 96 / 98, 486 / 98], 1e-6);
  closeTo(sharpenMap(map(5, 5, 5), 7), [5, 5, 5], 1e-6);
});

test('tiny and huge entries, high and low powers; peaks that tie share; a map of zeros stays', () => {
  const tiny = sharpenMap(map(1e-12, 2e-12, 0), 8);
  closeTo(
    tiny.map((value) => value / 3e-12),
    [1 / 257, 256 / 257, 0],
    1e-6,
  );
  // Below float32's normal numbers: 2^-140 and 2^-141, for a sum of 3 · 2^-141.
  assert.deepEqual(sharpenMap(map(2 ** -140, 2 ** -141), 1000), map(3 * 2 ** -141, 0));
  assert.deepEqual(sharpenMap(map(2 ** 120, 2 ** 120, 1), 1000), map(2 ** 120, 2 ** 120, 0));
  // (2e-30)^0.01 = 0.504673
  closeTo(sharpenMap(map(0.5, 1e-30, 0), 0.01), [0.5 / 1.504673, 0.2523365 / 1.504673, 0], 1e-5);
  const zeros = map(0, 0, 0);
  assert.equal(sharpenMap(zeros, 4), zeros);
});

tensorTest(
  'random maps: the sum and the order of cells are kept, the peak grows with the power; 1 is the map itself',
  () => {
    const order = (values: Float32Array) => [...values.keys()].sort((a, b) => values[a]! - values[b]! || a - b);
    for (let trial = 0; trial < 20; trial++) {
      const values = rand([50])
        .mul(10 ** -trial)
        .toFloat32Array();
      assert.equal(sharpenMap(values, 1), values);
      let peak = 0;
      for (const power of [0.2, 0.7, 1, 1.5, 4]) {
        const sharp = sharpenMap(values, power);
        closeTo([mapSum(sharp)], [mapSum(values)], 1e-5);
        assert.deepEqual(order(sharp).slice(-5), order(values).slice(-5));
        const most = Math.max(...sharp);
        assert.ok(most > peak, `power ${power}: ${most} after ${peak}`);
        peak = most;
      }
    }
  },
);

tensorTest('rows of a tensor, each by itself, in its type; what was given stays as it was', () => {
  const rows = tensor([1, 2, 0, 0, 1, 4, 0, 0, 0, 4, 4, 8], { shape: [3, 4] });
  const wanted = [0.6, 2.4, 0, 0, 5 / 17, 80 / 17, 0, 0, 0, 16 / 6, 16 / 6, 64 / 6];
  closeTo(sharpenRows(rows, 2).flatten(), wanted, 1e-6);
  assert.deepEqual(rows.toArray(), [1, 2, 0, 0, 1, 4, 0, 0, 0, 4, 4, 8]);
  assert.equal(sharpenRows(rows, 1), rows);
  // Every second column: not contiguous.
  closeTo(sharpenRows(tensor([1, 9, 2, 9], { shape: [2, 2] }).transpose(0, 1), 2).flatten(), [0.6, 2.4, 9, 9], 1e-6);
  // float16 holds no less than 2^-24: squares of these would vanish in it.
  const half = sharpenRows(tensor([2 ** -20, 2 ** -19], { shape: [1, 2], dtype: 'float16' }), 2);
  assert.deepEqual([half.dtype, half.shape], ['float16', [1, 2]]);
  closeTo(
    half
      .to('float32')
      .mul(2 ** 20)
      .flatten(),
    [0.6, 2.4],
    0.05,
  );
});

const SEED = freshSeed();
tensorTest(`rows by operators equal each map by itself, in single numbers (seed ${SEED})`, () => {
  const generator = new Generator(SEED);
  for (const [words, cells] of [
    [1, 1],
    [1, 33],
    [5, 64],
    [7, 1001],
  ] as const)
    for (const size of [1e-36, 1e-4, 1, 1e30])
      for (const power of [0.2, 0.5, 1.5, 2, 3, 4, 9.7]) {
        const noise = rand([words, cells], { generator });
        // Some cells hold nothing.
        const rows = noise.mul(noise.ge(0.2)).mul(size);
        const expected = Array.from({ length: words }, (_, w) => sharpenMap(rows.select(0, w).toFloat32Array(), power));
        const found = sharpenRows(rows, power);
        expected.forEach((values, w) => {
          closeTo(found.select(0, w), values, 1e-5, `${words} × ${cells} of ${size} to ${power}, word ${w}`);
        });
      }
  // Below float32's normal numbers; beside a map of zeros; powers that vanish.
  const edges = [2 ** -140, 2 ** -141, 0, 0, 2 ** 120, 1];
  assert.deepEqual(sharpenRows(tensor(edges, { shape: [3, 2] }), 1000).toArray(), [
    3 * 2 ** -141,
    0,
    0,
    0,
    2 ** 120,
    0,
  ]);
  generator.dispose();
});
