import assert from 'node:assert/strict';
import { cat, Generator, randn, stack, type Tensor, tensor } from '@motion-enhancer/libtorch';
import { closeTo, tensorTest } from '@motion-enhancer/libtorch/testing';
import { freshSeed } from '@motion-enhancer/support/testing';
import { resolve } from '../../config/field.js';
import { PRIOR_FIELDS } from '../config.js';
import { locations, type TokenGrid, videoTokens } from '../grid.js';
import { focusOfHeads } from '../selection/focus-of-heads.js';
import { AttentionCapture, type CaptureOptions } from './attention-capture.js';
import type { HeadMaps } from './head-maps.js';
import { maskOf } from './mask.js';
import { estimateSum, sampleRows } from './sample-rows.js';
import { jointOfClip } from './testing.js';

const SEED = freshSeed();
const generator = new Generator(SEED);
const HEADS = 3;

interface Pass {
  q: Tensor;
  k: Tensor;
}

const HEAD_DIM = 64;

/** @param focus 0: random heads; 1: heads that look at themselves, with 99 % of a row's mass on it */
function passesOf(count: number, grid: TokenGrid, focus: 0 | 1): Pass[] {
  const shape = [HEADS, grid.textTokens + videoTokens(grid), HEAD_DIM];
  return Array.from({ length: count }, () => {
    const q = randn(shape, { generator, dtype: 'float64' });
    if (!focus) return { q, k: randn(shape, { generator, dtype: 'float64' }) };
    const unit = q.div(q.square().sum(-1, true).sqrt()).mul(9.8);
    // Not each token alone: the same place in other frames resembles it.
    return { q: unit, k: unit.add(randn(shape, { generator, dtype: 'float64' }).mul(0.1)) };
  });
}

const scoresOf = ({ q, k }: Pass) => q.matmul(k.transpose(1, 2)).div(Math.sqrt(HEAD_DIM));

/** The averaged video → video map of every head, [heads, S, S], float64. */
function mapOf(grid: TokenGrid, passes: readonly Pass[]): Tensor {
  const [T, S] = [grid.textTokens, videoTokens(grid)];
  return stack(passes.map((pass) => scoresOf(pass).softmax(-1)))
    .mean(0)
    .narrow(1, T, S)
    .narrow(2, T, S);
}

function captured(
  grid: TokenGrid,
  passes: readonly Pass[],
  o: Partial<CaptureOptions>,
  group = (_: number) => 0,
): HeadMaps {
  const capture = new AttentionCapture(HEADS, grid, { device: 'cpu', dtype: 'float64', squareSum: 'accumulate', ...o });
  try {
    passes.forEach((pass, i) => {
      const lse = scoresOf(pass).logsumexp(-1);
      capture.add(jointOfClip(pass.q, pass.k, lse), group(i));
    });
    return capture.finish()[0]!;
  } finally {
    capture.dispose();
  }
}

const GRID: TokenGrid = { frames: 5, height: 3, width: 4, textTokens: 3 };

/** Σ A² outside of a mask that is told pair by pair, [heads]. */
function outsideOf(
  map: Tensor,
  grid: TokenGrid,
  inside: (f: number, p: number, g: number, q: number) => boolean,
): number[] {
  const [S, P] = [videoTokens(grid), locations(grid)];
  const outside = tensor(
    Array.from({ length: S }, (_, i) =>
      Array.from({ length: S }, (_, j) => (inside(Math.floor(i / P), i % P, Math.floor(j / P), j % P) ? 0 : 1)),
    ),
    { dtype: 'float64' },
  );
  return map.square().mul(outside).sum([1, 2]).toArray();
}

tensorTest(`every mask, every way of capturing: the sums of Eq 11 pair by pair (seed ${SEED})`, () => {
  const P = locations(GRID);
  const CASES = [
    [{ mask: 'same-location' }, (f: number, p: number, g: number, q: number) => p === q || (f === g && f < 0)],
    [{ maskSelf: false }, (f: number, p: number, g: number, q: number) => p === q && f !== g],
    [{ mask: 'half-width', maskWidth: 2 }, (_f: number, p: number, _g: number, q: number) => Math.abs(p - q) <= 2],
    [
      { mask: 'half-width', maskWidth: 1, maskSelf: false },
      (f: number, p: number, g: number, q: number) => Math.abs(p - q) <= 1 && f !== g,
    ],
    // (c · P) div F = (1.3 · 12) div 5 = 3
    [{ mask: 'share', maskShare: 1.3 }, (_f: number, p: number, _g: number, q: number) => Math.abs(p - q) < 3],
  ] as const;
  for (const focus of [0, 1] as const) {
    const passes = passesOf(3, GRID, focus);
    const map = mapOf(GRID, passes);
    const all = map.square().sum([1, 2]).toArray();
    for (const [options, inside] of CASES) {
      const expected = outsideOf(map, GRID, inside);
      const mask = maskOf(resolve(PRIOR_FIELDS, options), GRID);
      for (const squareSum of ['accumulate', 'replay', 'sampled'] as const) {
        const what = `${JSON.stringify(options)} ${squareSum} ${focus}`;
        // All rows drawn: nothing is estimated.
        const maps = captured(GRID, passes, { squareSum, mask, sampleRows: videoTokens(GRID) });
        const outside = maps.masked
          ? maps.masked.outside_H
          : maps.squares_H.sub(maps.sameLocation_HPFF.square().sum([1, 2, 3]));
        // Of D it is what the sum leaves beside the inside, so rounding is that of the whole.
        outside.toArray().forEach((value, h) => {
          assert.ok(Math.abs(value - expected[h]!) < 1e-12 * all[h]!, `${what}: ${value}, ${expected[h]}`);
        });
        closeTo(maps.squares_H, all, 1e-10, what);
        assert.equal(maps.masked?.error_H ?? null, null, what);
      }
    }
  }
  assert.throws(() => maskOf(resolve(PRIOR_FIELDS, { mask: 'share', maskShare: 4.9 / P }), GRID), /≥ 1 for maskShare/);
});

tensorTest(`sampled sums lie within their own error, on random and on strongly diagonal heads (seed ${SEED})`, () => {
  const grid: TokenGrid = { frames: 6, height: 5, width: 6, textTokens: 2 };
  const DRAWS = 40;
  for (const focus of [0, 1] as const) {
    const passes = passesOf(2, grid, focus);
    const exact = captured(grid, passes, {});
    const truth = exact.squares_H.sub(exact.sameLocation_HPFF.square().sum([1, 2, 3])).toArray();
    const draws = Array.from({ length: DRAWS }, (_, sampleSeed) => {
      const { masked, squares_H } = captured(grid, passes, { squareSum: 'sampled', sampleRows: 48, sampleSeed });
      closeTo(masked!.inside_H.add(masked!.outside_H), squares_H, 1e-12);
      return { outside: masked!.outside_H.toArray(), error: masked!.error_H!.toArray() };
    });
    const mean = (values: number[]) => values.reduce((a, b) => a + b, 0) / values.length;
    for (let h = 0; h < HEADS; h++) {
      const what = `head ${h}, focus ${focus}, seed ${SEED}`;
      const off = draws.map(({ outside }) => outside[h]! - truth[h]!);
      const spread = Math.sqrt(mean(off.map((x) => x * x)));
      assert.ok(Math.abs(mean(off)) < (5 * spread) / Math.sqrt(DRAWS), `no bias: ${what}`);
      const stated = Math.sqrt(mean(draws.map(({ error }) => error[h]! ** 2)));
      // A diagonal head's rest is carried by few rows, so its errors are less regular.
      const factor = focus ? 3 : 2;
      assert.ok(stated > spread / factor && stated < factor * spread, `stated ${stated}, true ${spread}: ${what}`);
      if (!focus) assert.ok(spread < 0.2 * truth[h]!, `a fifth at most: ${what}`);
    }
  }
});

tensorTest('the drawn rows: distinct, as many of each frame as can be, the same for the same seed', () => {
  for (const count of [1, 7, 30, 59, 60, 1000]) {
    const { rows, perFrame } = sampleRows(GRID, count, 3);
    assert.equal(rows.length, Math.min(count, 60));
    assert.equal(new Set(rows).size, rows.length);
    assert.ok(Math.max(...perFrame) - Math.min(...perFrame) <= 1);
    assert.deepEqual(
      perFrame,
      GRID_FRAMES.map((f) => rows.filter((row) => Math.floor(row / 12) === f).length),
    );
    assert.deepEqual(sampleRows(GRID, count, 3).rows, rows);
  }
  assert.notDeepEqual(sampleRows(GRID, 20, 3).rows, sampleRows(GRID, 20, 4).rows);
});
const GRID_FRAMES = [0, 1, 2, 3, 4];

tensorTest('an estimate from all rows is the sum, without error; one row a frame has the spread over all', () => {
  const values = randn([2, 60], { generator, dtype: 'float64' });
  const whole = estimateSum(values, sampleRows(GRID, 60, 0), GRID);
  closeTo(whole.sum_H, values.sum(1), 1e-12);
  assert.deepEqual(whole.error_H.toArray(), [0, 0]);
  const sparse = estimateSum(values.narrow(1, 0, 5), sampleRows(GRID, 5, 0), GRID);
  assert.ok(sparse.error_H.toArray().every((error) => error > 0));
});

tensorTest(
  `units of single layers equal captures of these layers alone; chosen text rows are those rows (seed ${SEED})`,
  () => {
    const layers = 2;
    const passes = passesOf(6, GRID, 0);
    for (const squareSum of ['accumulate', 'replay', 'sampled'] as const) {
      const together = captured(
        GRID,
        passes,
        { squareSum, groups: layers, textRows: [2, 0], sampleRows: 20 },
        (i) => i % layers,
      );
      assert.deepEqual(
        [together.layers, together.textRows, together.total_H.size(0)],
        [layers, [2, 0], layers * HEADS],
      );
      for (let layer = 0; layer < layers; layer++) {
        const alone = captured(
          GRID,
          passes.filter((_, i) => i % layers === layer),
          { squareSum, sampleRows: 20 },
        );
        const part = (x: Tensor) => x.narrow(0, layer * HEADS, HEADS);
        closeTo(part(together.total_H), alone.total_H, 1e-12);
        closeTo(part(together.squares_H), alone.squares_H, 1e-12);
        closeTo(part(together.sameLocation_HPFF), alone.sameLocation_HPFF, 1e-12);
        const rows = tensor([2, 0], { dtype: 'int64' });
        closeTo(part(together.textToVideo_HTS), alone.textToVideo_HTS.indexSelect(1, rows), 1e-12);
      }
    }
  },
);

tensorTest(`groups that are pooled are averaged over all of their passes (seed ${SEED})`, () => {
  const passes = passesOf(6, GRID, 0);
  for (const squareSum of ['accumulate', 'replay', 'sampled'] as const) {
    const o = { device: 'cpu', dtype: 'float64', squareSum, sampleRows: 20 } as const;
    const capture = new AttentionCapture(HEADS, GRID, { ...o, groups: 3 });
    // Of unequal sizes: 3, 2 and 1 passes.
    for (const [i, pass] of passes.entries())
      capture.add(jointOfClip(pass.q, pass.k, scoresOf(pass).logsumexp(-1)), i < 3 ? 0 : i < 5 ? 1 : 2);
    const all = captured(GRID, passes, { squareSum, sampleRows: 20 });
    const last = captured(GRID, passes.slice(3), { squareSum, sampleRows: 20 });
    const pools = [
      [0, 1, 2],
      [1, 2],
    ];
    const both = capture.maps(0, pools);
    assert.equal(both.layers, 2);
    for (const name of ['textToVideo_HTS', 'sameLocation_HPFF', 'total_H', 'squares_H'] as const) {
      closeTo(capture.maps(0, [pools[0]!])[name], all[name], 1e-12, name);
      closeTo(both[name], cat([all[name], last[name]]), 1e-12, name);
    }
    capture.dispose();
  }
});

tensorTest(`clips side by side are each as by themselves (seed ${SEED})`, () => {
  const clips = [0, 1, 2].map(() => passesOf(4, GRID, 0));
  for (const squareSum of ['accumulate', 'replay', 'sampled'] as const) {
    const o = { device: 'cpu', dtype: 'float64', squareSum, sampleRows: 20, groups: 2, textRows: [1] } as const;
    const capture = new AttentionCapture(HEADS, GRID, { ...o, clips: clips.length });
    for (let i = 0; i < 4; i++) {
      const of = (name: 'q' | 'k') => stack(clips.map((passes) => passes[i]![name]));
      const lse_BHN = stack(clips.map((passes) => scoresOf(passes[i]!).logsumexp(-1)));
      const joint = { q_BHND: of('q'), k_BHND: of('k'), ownLse_BHN: lse_BHN, lse_BHN };
      capture.add({ kind: 'joint', joint }, i % 2);
    }
    for (const [clip, maps] of capture.finish().entries()) {
      const alone = captured(GRID, clips[clip]!, o, (i) => i % 2);
      for (const name of ['textToVideo_HTS', 'sameLocation_HPFF', 'total_H', 'squares_H'] as const)
        closeTo(maps[name], alone[name], 1e-12, `${name} of clip ${clip}`);
    }
    capture.dispose();
  }
});

tensorTest('focus: 0 where a word looks everywhere alike, 1 where it looks at one cell, by its entropy between', () => {
  const S = 8;
  const even = Array<number>(S).fill(0.01);
  const half = Array.from({ length: S }, (_, i) => (i < 2 ? 0.3 : 0));
  const one = Array.from({ length: S }, (_, i) => (i === 5 ? 0.2 : 0));
  const textToVideo_HTS = tensor(
    [
      [even, even],
      [half, even],
      [one, one],
    ],
    { dtype: 'float64' },
  );
  const maps = { textToVideo_HTS } as HeadMaps;
  const words = [{ tokens: [0] }, { tokens: [1] }];
  // Two of eight cells: entropy ln 2 of ln 8.
  closeTo(focusOfHeads(maps, words), [0, (1 - 1 / 3) / 2, 1], 1e-12);
});
