import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Tensor, tensor } from '@motion-enhancer/libtorch';
import { closeTo, tensorTest } from '@motion-enhancer/libtorch/testing';
import { freshSeed, randomSource } from '@motion-enhancer/support/testing';
import type { HeadMaps } from '../capture/head-maps.js';
import { locations, type TokenGrid, videoTokens } from '../grid.js';
import { diagonalStatistics, finiteRatios, headMetrics, ranks, topIndices, zScores } from './heads.js';

type Matrix = number[][];

/** What a capture would hand over for these video→video maps. */
function mapsOf(maps: readonly Matrix[], grid: TokenGrid, dtype: 'float32' | 'float64' = 'float64'): HeadMaps {
  const [P, F] = [locations(grid), grid.frames];
  const entries = (m: Matrix) => m.flat();
  const make = (values: number[], ...shape: number[]): Tensor => tensor(values, { dtype, shape });
  const same = maps.flatMap((m) => {
    const values: number[] = [];
    for (let p = 0; p < P; p++)
      for (let f = 0; f < F; f++) for (let g = 0; g < F; g++) values.push(m[f * P + p]![g * P + p]!);
    return values;
  });
  return {
    grid,
    textToVideo_HTS: make([0], 1),
    sameLocation_HPFF: make(same, maps.length, P, F, F),
    total_H: make(
      maps.map((m) => entries(m).reduce((a, b) => a + b, 0)),
      maps.length,
    ),
    squares_H: make(
      maps.map((m) => entries(m).reduce((a, b) => a + b * b, 0)),
      maps.length,
    ),
  };
}

/** docs/method.md 2, word by word, over whole maps. */
function naive(m: Matrix, grid: TokenGrid): { dfc: number; tcs: number; dsr: number; tau: number } {
  const [P, F, S] = [locations(grid), grid.frames, videoTokens(grid)];
  let [inside, outside, sum, strong, members] = [0, 0, 0, 0, 0];
  for (let i = 0; i < S; i++) for (let j = 0; j < S; j++) sum += m[i]![j]!;
  const tau = sum / S ** 2;
  for (let i = 0; i < S; i++)
    for (let j = 0; j < S; j++) {
      const a = m[i]![j]!;
      if (i % P === j % P) {
        inside += a ** 2;
        members++;
        if (a >= tau) strong++;
      } else outside += a ** 2;
    }
  let tcs = 0;
  for (let p = 0; p < P; p++) {
    const runs: number[] = [];
    for (let f = 0; f < F; f++) {
      const bits = Array.from({ length: F }, (_, g) => (m[f * P + p]![g * P + p]! > tau ? '1' : '0')).join('');
      runs.push(...bits.split('0').flatMap((run) => (run ? [run.length] : [])));
    }
    if (runs.length > 0) tcs += runs.reduce((a, b) => a + b, 0) / runs.length;
  }
  return { dfc: inside / outside, tcs: tcs / P, dsr: strong / members, tau };
}

const build = (grid: TokenGrid, entry: (f: number, p: number, g: number, q: number) => number): Matrix => {
  const [P, S] = [locations(grid), videoTokens(grid)];
  return Array.from({ length: S }, (_, i) =>
    Array.from({ length: S }, (_, j) => entry(Math.floor(i / P), i % P, Math.floor(j / P), j % P)),
  );
};

const DYADIC: TokenGrid = { frames: 4, height: 2, width: 4, textTokens: 3 };

for (const grid of [DYADIC, { frames: 8, height: 4, width: 4, textTokens: 1 }, { ...DYADIC, frames: 1 }])
  tensorTest(`uniform attention over ${videoTokens(grid)} tokens: DFC F/(S−F), DSR 1, TCS 0`, () => {
    const [S, F] = [videoTokens(grid), grid.frames];
    const { dfc, dsr, tcs, tau } = headMetrics(mapsOf([build(grid, () => 1 / S)], grid, 'float32'));
    assert.deepEqual(dfc, [F / (S - F)]);
    assert.deepEqual([dsr, tcs, tau], [[1], [0], [1 / S]]);
  });

tensorTest('identity: TCS 1, DSR 1/F; a temporal head: DSR 1, TCS F; both have nothing outside D', () => {
  const F = DYADIC.frames;
  const identity = build(DYADIC, (f, p, g, q) => (f === g && p === q ? 1 : 0));
  const temporal = build(DYADIC, (_f, p, _g, q) => (p === q ? 1 / F : 0));
  const uniform = build(DYADIC, () => 1 / videoTokens(DYADIC));
  const spread = build(DYADIC, (_f, p, g, q) => (p === q ? 2 : 1) / (g + 1));
  const metrics = headMetrics(mapsOf([identity, uniform, temporal, spread], DYADIC, 'float32'));
  assert.deepEqual([metrics.tcs[0], metrics.dsr[0]], [1, 1 / F]);
  assert.deepEqual([metrics.tcs[2], metrics.dsr[2]], [F, 1]);
  const largest = Math.max(metrics.dfc[1]!, metrics.dfc[3]!);
  assert.ok(Number.isFinite(largest));
  assert.deepEqual([metrics.dfc[0], metrics.dfc[2]], [largest, largest]);
  assert.ok(metrics.score.every(Number.isFinite));
});

tensorTest('what rounding leaves outside D is no denominator, a small true rest is one', () => {
  const F = DYADIC.frames;
  const temporal = mapsOf([build(DYADIC, (_f, p, _g, q) => (p === q ? 1 / F : 0))], DYADIC, 'float32');
  const rounded = { ...temporal, squares_H: temporal.squares_H.mul(1 + 2e-7) };
  assert.deepEqual(headMetrics(rounded).dfc, [1], 'no finite ratio in the sample');
  const rest = build(DYADIC, (_f, p, _g, q) => (p === q ? 1 / F : 1e-4));
  closeTo(headMetrics(mapsOf([rest], DYADIC)).dfc, [naive(rest, DYADIC).dfc], 1e-6);
});

test('runs are maximal, counted over all rows of a location', () => {
  const row = [0, 1, 1, 0, 1];
  const blank = [0, 0, 0, 0, 0];
  assert.deepEqual(diagonalStatistics([...row, ...blank, ...blank, ...blank, ...blank], 5, 0.5), {
    squares: 3,
    runLength: 1.5,
    share: 3 / 25,
  });
  // Rows do not join: a run that ends a row and one that begins the next are two.
  assert.equal(diagonalStatistics([0, 1, 1, 0], 2, 0.5).runLength, 1);
  // Runs are pooled over rows before the mean (4 + 1 + 1) / 3, not averaged per row.
  const pooled = [1, 1, 1, 1, 1, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0];
  assert.equal(diagonalStatistics(pooled, 4, 0.5).runLength, 2);
  // A location without runs counts as 0 in the mean over locations.
  assert.equal(diagonalStatistics([...pooled, ...new Array(16).fill(0)], 4, 0.5).runLength, 1);
  // Entries equal to τ are strong (13) but continue nothing (12).
  assert.deepEqual(diagonalStatistics([0.5, 0.5, 0.5, 0.5], 2, 0.5), { squares: 1, runLength: 0, share: 1 });
});

const SEED = freshSeed();
tensorTest(`random maps: every measure equals a plain reading of the definitions (seed ${SEED})`, () => {
  const random = randomSource(SEED);
  for (const [frames, height, width] of [
    [1, 2, 3],
    [2, 1, 1],
    [3, 2, 2],
    [5, 2, 3],
    [4, 3, 1],
  ] as const) {
    const grid = { frames, height, width, textTokens: 2 };
    const maps = Array.from({ length: 4 }, (_, h) =>
      build(grid, (_f, p, _g, q) => random.next() ** (1 + h) * (p === q ? 1 + h : 1)),
    );
    const metrics = headMetrics(mapsOf(maps, grid));
    const expected = maps.map((m) => naive(m, grid));
    const finite = Math.max(...expected.map((e) => e.dfc).filter(Number.isFinite), 0) || 1;
    const dfc = expected.map((e) => (Number.isFinite(e.dfc) ? e.dfc : finite));
    closeTo(metrics.dfc, dfc, 1e-9, 'DFC');
    closeTo(
      metrics.tcs,
      expected.map((e) => e.tcs),
      1e-12,
      'TCS',
    );
    closeTo(
      metrics.dsr,
      expected.map((e) => e.dsr),
      1e-12,
      'DSR',
    );
    closeTo(
      metrics.tau,
      expected.map((e) => e.tau),
      1e-12,
      'τ',
    );
    const z = (values: number[]) => {
      const mean = values.reduce((a, b) => a + b) / values.length;
      const std = Math.sqrt(values.reduce((a, b) => a + (b - mean) ** 2, 0) / values.length);
      return values.map((v) => (v - mean) / Math.max(std, 1e-8));
    };
    const score = [dfc, expected.map((e) => e.tcs), expected.map((e) => e.dsr)].map(z);
    const sums = maps.map((_, h) => score.reduce((sum, list) => sum + list[h]!, 0));
    for (const [h, sum] of sums.entries()) assert.ok(Math.abs(metrics.score[h]! - sum) < 1e-4, `score ${h}`);
  }
});

test('z-scores: population deviation, zero where all are equal', () => {
  closeTo(
    zScores([1, 2, 3, 4]),
    [-3, -1, 1, 3].map((v) => v / Math.sqrt(5)),
    1e-12,
  );
  assert.deepEqual(zScores([7, 7, 7]), [0, 0, 0]);
  assert.deepEqual(zScores([2]), [0]);
});

test('the top share: rounded up, at least one, ties to the lower index, in ascending order', () => {
  assert.deepEqual(topIndices([1, 5, 3, 4], 0.5), [1, 3]);
  assert.deepEqual(topIndices([1, 5, 3], 0.5), [1, 2]);
  assert.deepEqual(topIndices([2, 2, 2, 2], 0.5), [0, 1]);
  assert.deepEqual(topIndices([1, 2, 2, 2], 0.25), [1]);
  assert.deepEqual(topIndices([3, 1, 2], 0), [0]);
  assert.deepEqual(topIndices([3, 1, 2], 1), [0, 1, 2]);
  assert.deepEqual(topIndices([1], 0.5), [0]);
  assert.deepEqual(topIndices([-1, -3, -2], 0.34), [0, 2]);
  // 0.07 · 100 is 7.000000000000001 in floating point: that is seven.
  assert.equal(topIndices(new Array(100).fill(0), 0.07).length, 7);
  for (const n of [1, 2, 3, 10, 48]) assert.equal(topIndices(new Array(n).fill(0), 0.5).length, Math.ceil(n / 2));
});

test('ranks: 0 is the best, ties go to the lower index', () => {
  assert.deepEqual(ranks([1, 5, 3, 5]), [3, 0, 2, 1]);
  assert.deepEqual(ranks([]), []);
});

test('ratios without a denominator become the largest finite one, 1 if there is none', () => {
  assert.deepEqual(finiteRatios([1, 2, 9], [2, 0, 3]), [0.5, 3, 3]);
  assert.deepEqual(finiteRatios([0, 1], [0, 0]), [1, 1]);
});
