import assert from 'node:assert/strict';
import { test } from 'node:test';
import { grad, rand, tensor } from '@motion-enhancer/libtorch';
import { closeTo, tensorTest } from '@motion-enhancer/libtorch/testing';
import { freshSeed, randomSource } from '@motion-enhancer/support/testing';
import { alignmentGrid, cells, type Grid, resizeMaps } from './resize.js';

const grid = (frames: number, height: number, width: number): Grid => ({ frames, height, width });
const SEED = freshSeed();

/** For one axis: which cells a new cell takes from, and the share of the second (align_corners = false). */
function sources(from: number, to: number): [first: number, second: number, share: number][] {
  return Array.from({ length: to }, (_, i) => {
    const at = Math.max(0, ((i + 0.5) * from) / to - 0.5);
    const first = Math.min(Math.floor(at), from - 1);
    return [first, Math.min(first + 1, from - 1), at - first];
  });
}

function trilinear(row: readonly number[], from: Grid, to: Grid): number[] {
  const at = (f: number, y: number, x: number) => row[(f * from.height + y) * from.width + x]!;
  const mix = ([a, b, share]: [number, number, number], value: (i: number) => number) =>
    (1 - share) * value(a) + share * value(b);
  return sources(from.frames, to.frames).flatMap((f) =>
    sources(from.height, to.height).flatMap((y) =>
      sources(from.width, to.width).map((x) => mix(f, (i) => mix(y, (j) => mix(x, (k) => at(i, j, k))))),
    ),
  );
}

const PAIRS: [Grid, Grid][] = [
  [grid(2, 3, 4), grid(5, 7, 9)],
  [grid(6, 8, 5), grid(3, 4, 2)],
  [grid(3, 5, 6), grid(5, 3, 4)],
  [grid(1, 1, 1), grid(2, 3, 2)],
  [grid(4, 6, 6), grid(1, 1, 1)],
  [grid(1, 4, 4), grid(3, 4, 4)],
  [grid(2, 4, 4), grid(2, 4, 5)],
];

tensorTest(`resizing is trilinear with align_corners = false, up and down (seed ${SEED})`, () => {
  const random = randomSource(SEED);
  for (const [from, to] of PAIRS) {
    const rows = Array.from({ length: 3 }, () => Array.from({ length: cells(from) }, random.next));
    const expected = rows.flatMap((row) => trilinear(row, from, to));
    for (const [dtype, relative] of [
      ['float64', 1e-12],
      ['float32', 1e-6],
    ] as const) {
      const resized = resizeMaps(tensor(rows, { dtype }), from, to);
      assert.deepEqual([resized.shape, resized.dtype], [[3, cells(to)], dtype]);
      closeTo(resized, expected, relative, JSON.stringify([from, to]));
    }
  }
});

tensorTest('the same grid keeps every value; a constant map stays constant', () => {
  const rows = rand([2, 24]);
  closeTo(resizeMaps(rows, grid(2, 3, 4), grid(2, 3, 4)), rows, 0);
  const flat = tensor(new Array(24).fill(0.125), { shape: [1, 24] });
  assert.ok(
    resizeMaps(flat, grid(2, 3, 4), grid(3, 5, 2))
      .toArray()
      .every((v) => v === 0.125),
  );
  // Same number of cells, another shape: not the same grid.
  assert.ok(
    resizeMaps(rows, grid(2, 3, 4), grid(4, 3, 2))
      .sub(rows)
      .abs()
      .max()
      .item() > 0,
  );
});

tensorTest('gradients flow through it: equal to finite differences', () => {
  for (const [from, to] of PAIRS.slice(0, 3)) {
    const rows = rand([2, cells(from)], { dtype: 'float64', requiresGrad: true });
    const weights = rand([2, cells(to)], { dtype: 'float64' });
    const loss = (x: typeof rows) => resizeMaps(x, from, to).square().mul(weights).sum();
    const [gradient] = grad([loss(rows)], [rows]);
    const numeric = Array.from({ length: rows.numel }, (_, i) => {
      const shifted = (by: number) => {
        const values = rows.toArray();
        values[i]! += by;
        return loss(tensor(values, { dtype: 'float64', shape: rows.shape })).item();
      };
      return (shifted(1e-5) - shifted(-1e-5)) / 2e-5;
    });
    closeTo(gradient!, numeric, 1e-8);
  }
});

test('the alignment grid: the commonest, the first of equals, evenly smaller until it fits', () => {
  const [a, b] = [grid(7, 30, 45), grid(4, 4, 4)];
  assert.deepEqual(alignmentGrid([a, b, b]), b);
  assert.deepEqual(alignmentGrid([b, a]), b);
  assert.deepEqual(alignmentGrid([grid(4, 4, 4), grid(4, 8, 2), grid(4, 8, 2)]), grid(4, 8, 2));
  assert.deepEqual(alignmentGrid([grid(1, 64, 64)]), grid(1, 64, 64), 'exactly 4,096 cells fit');
  const capped = alignmentGrid([a]);
  assert.ok(cells(capped) <= 4096 && cells(capped) > 3000, JSON.stringify(capped));
  for (const [side, size] of [
    ['frames', 7],
    ['height', 30],
    ['width', 45],
  ] as const)
    assert.ok(Math.abs(capped[side] / size - (4096 / cells(a)) ** (1 / 3)) < 0.15, side);
  assert.deepEqual(alignmentGrid([grid(100, 1, 1)], 10), grid(10, 1, 1));
  assert.deepEqual(alignmentGrid([a], 0), grid(1, 1, 1));
  assert.deepEqual(alignmentGrid([]), grid(1, 1, 1));
});
