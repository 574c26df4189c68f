import assert from 'node:assert/strict';
import { test } from 'node:test';
import { cat, type DType, Generator, liveTensors, randn, scope, stack, type Tensor } from '@motion-enhancer/libtorch';
import { closeTo, tensorTest } from '@motion-enhancer/libtorch/testing';
import { freshSeed } from '@motion-enhancer/support/testing';
import { locations, type TokenGrid, videoTokens } from '../grid.js';
import { AttentionCapture, type CaptureOptions } from './attention-capture.js';
import type { SquareSum } from './capture-types.js';
import type { HeadMaps } from './head-maps.js';
import { jointOfClip } from './testing.js';

interface Pass {
  q: Tensor;
  k: Tensor;
  /** Keys of a second stream, which take part in the softmax only */
  memory?: Tensor;
}

const SEED = freshSeed();
const generator = new Generator(SEED);

function randomPasses(count: number, heads: number, grid: TokenGrid, dtype: DType, joint = false): Pass[] {
  const make = () =>
    randn([heads, grid.textTokens + videoTokens(grid), 4], { generator, dtype: 'float64' })
      .mul(1.5)
      .to(dtype);
  return Array.from({ length: count }, () => ({ q: make(), k: make(), ...(joint ? { memory: make() } : {}) }));
}

/** log Σ exp(q·k/√d) in float64, rounded as fused attention returns it. */
function lseOf(q: Tensor, k: Tensor): Tensor {
  const scores = q
    .to('float64')
    .matmul(k.to('float64').transpose(-2, -1))
    .div(Math.sqrt(q.size(-1)));
  return scores.logsumexp(-1).to(q.dtype === 'float64' ? 'float64' : 'float32');
}

function captured(heads: number, grid: TokenGrid, passes: readonly Pass[], o: Partial<CaptureOptions>): HeadMaps {
  const dtype = passes[0]!.q.dtype;
  const capture = new AttentionCapture(heads, grid, { device: 'cpu', dtype, squareSum: 'accumulate', ...o });
  try {
    for (const { q, k, memory } of passes) {
      const own = lseOf(q, k);
      capture.add(jointOfClip(q, k, own, memory ? lseOf(q, cat([k, memory], 1)) : own));
    }
    return capture.finish()[0]!;
  } finally {
    capture.dispose();
  }
}

/** The same from whole softmax maps in float64. */
function materialised(grid: TokenGrid, passes: readonly Pass[]): Omit<HeadMaps, 'grid'> {
  const maps = passes.map(({ q, k, memory }) => {
    const keys = memory ? cat([k, memory], 1) : k;
    const scores = q
      .to('float64')
      .matmul(keys.to('float64').transpose(1, 2))
      .div(Math.sqrt(q.size(2)));
    return scores.softmax(-1).narrow(2, 0, k.size(1));
  });
  const map = stack(maps).mean(0); // [heads, N, N]
  const [T, S, P, F] = [grid.textTokens, videoTokens(grid), locations(grid), grid.frames];
  const video = map.narrow(1, T, S).narrow(2, T, S);
  const same = Array.from({ length: P }, (_, p) => video.slice(1, p, null, P).slice(2, p, null, P));
  assert.deepEqual(same[0]!.shape.slice(1), [F, F]);
  return {
    textToVideo_HTS: map.narrow(1, 0, T).narrow(2, T, S),
    sameLocation_HPFF: stack(same, 1),
    total_H: video.sum([1, 2]),
    squares_H: video.square().sum([1, 2]),
  };
}

function assertEqualMaps(ours: HeadMaps, expected: Omit<HeadMaps, 'grid'>, relative: number, what: string): void {
  for (const name of ['textToVideo_HTS', 'sameLocation_HPFF', 'total_H', 'squares_H'] as const) {
    assert.deepEqual(ours[name].shape, expected[name].shape, `${what}: shape of ${name}`);
    closeTo(ours[name], expected[name], relative, `${what}: ${name}`);
  }
}

const GRIDS: [heads: number, passes: number, TokenGrid][] = [
  [1, 1, { frames: 1, height: 2, width: 3, textTokens: 4 }],
  [3, 2, { frames: 3, height: 2, width: 2, textTokens: 5 }],
  [2, 5, { frames: 5, height: 1, width: 3, textTokens: 1 }],
  [4, 3, { frames: 2, height: 3, width: 4, textTokens: 7 }],
  [2, 1, { frames: 4, height: 1, width: 1, textTokens: 2 }],
];

for (const squareSum of ['accumulate', 'replay'] as const)
  for (const dtype of ['float64', 'float32', 'bfloat16'] as const)
    for (const joint of [false, true])
      tensorTest(
        `${squareSum}, ${dtype}, ${joint ? 'joint' : 'own'} keys: equals whole softmax maps (seed ${SEED})`,
        () => {
          for (const [heads, count, grid] of GRIDS) {
            const passes = randomPasses(count, heads, grid, dtype, joint);
            const ours = captured(heads, grid, passes, { squareSum });
            // bfloat16 inputs are exact in float32, in which the capture works.
            const relative = dtype === 'float64' ? 1e-12 : 2e-5;
            assert.equal(ours.total_H.dtype, dtype === 'float64' ? 'float64' : 'float32');
            assertEqualMaps(ours, materialised(grid, passes), relative, `${heads} heads, ${count} passes`);
          }
        },
      );

const grid: TokenGrid = { frames: 4, height: 2, width: 3, textTokens: 3 };

/** Heads that look at themselves: logits up to about 60, the rest of the row next to nothing. */
function diagonalPasses(dtype: DType): Pass[] {
  return Array.from({ length: 3 }, () => {
    const q = randn([2, 27, 16], { generator, dtype: 'float64' });
    const unit = q.div(q.square().sum(-1, true).sqrt()).mul(16).to(dtype);
    return { q: unit, k: unit };
  });
}

for (const [dtype, relative] of [
  ['float64', 1e-12],
  ['float32', 1e-5],
] as const)
  tensorTest(`accumulate and replay agree, diagonal heads too: ${dtype} (seed ${SEED})`, () => {
    for (const passes of [randomPasses(3, 2, grid, dtype), diagonalPasses(dtype)]) {
      const [a, b] = (['accumulate', 'replay'] as const).map((squareSum) =>
        captured(2, grid, passes, { squareSum }),
      ) as [HeadMaps, HeadMaps];
      assertEqualMaps(a, b, relative, 'accumulate');
      assertEqualMaps(a, materialised(grid, passes), relative === 1e-5 ? 5e-5 : relative, 'softmax');
    }
    const diagonal = captured(2, grid, diagonalPasses(dtype), {}).sameLocation_HPFF;
    assert.ok(diagonal.amax([0, 1, 2, 3]).item() > 0.9, 'the case is a strongly diagonal one');
  });

tensorTest(`the size of row tiles changes nothing (seed ${SEED})`, () => {
  for (const dtype of ['float64', 'float32'] as const) {
    const passes = randomPasses(2, 2, grid, dtype);
    const expected = materialised(grid, passes);
    // One row a tile, five (24 = 4 · 5 + 4), all.
    for (const squareSum of ['accumulate', 'replay'] as const)
      for (const tileBytes of [1, 5 * 2 * 2 * 24 * (dtype === 'float64' ? 8 : 4), 1e9])
        assertEqualMaps(
          captured(2, grid, passes, { squareSum, tileBytes }),
          expected,
          dtype === 'float64' ? 1e-12 : 2e-5,
          `${squareSum} ${tileBytes}`,
        );
  }
});

tensorTest('with joint keys rows keep only their mass on own keys', () => {
  const passes = randomPasses(2, 3, grid, 'float64', true);
  const joint = captured(3, grid, passes, {});
  const own = captured(
    3,
    grid,
    passes.map(({ q, k }) => ({ q, k })),
    {},
  );
  for (const h of [0, 1, 2]) assert.ok(joint.total_H.select(0, h).item() < own.total_H.select(0, h).item());
});

test('buffers are freed: after finish, without it, and when an addition fails', () => {
  const before = liveTensors();
  for (const squareSum of ['accumulate', 'replay'] as const satisfies SquareSum[]) {
    scope(() => {
      const [{ q, k }] = randomPasses(1, 2, grid, 'float32') as [Pass];
      const start = () => new AttentionCapture(2, grid, { device: 'cpu', dtype: 'float32', squareSum });
      const finished = start();
      finished.add(jointOfClip(q, k, lseOf(q, k)));
      finished.add(jointOfClip(q, k, lseOf(q, k)));
      const maps = finished.finish()[0]!;
      finished.dispose();
      finished.dispose();
      closeTo(maps.total_H, maps.total_H, 0); // still readable
      for (const t of [maps.textToVideo_HTS, maps.sameLocation_HPFF, maps.total_H, maps.squares_H]) t.dispose();

      const abandoned = start();
      scope(() => abandoned.add(jointOfClip(q, k, lseOf(q, k))));
      abandoned.dispose();

      const failing = start();
      scope(() => assert.throws(() => failing.add(jointOfClip(q, k.narrow(1, 0, 5), lseOf(q, k)))));
      assert.throws(() => failing.finish(), /No attention was captured/);
      failing.dispose();
    });
    assert.equal(liveTensors(), before);
  }
});

tensorTest('what a pass was made of may be freed after it was added', () => {
  for (const squareSum of ['accumulate', 'replay'] as const) {
    const passes = randomPasses(2, 2, grid, 'float64');
    const expected = materialised(grid, passes);
    const capture = new AttentionCapture(2, grid, { device: 'cpu', dtype: 'float64', squareSum });
    for (const { q, k } of passes) {
      capture.add(jointOfClip(q, k, lseOf(q, k)));
      q.fill_(Number.NaN);
      q.dispose();
      k.dispose();
    }
    assertEqualMaps(capture.finish()[0]!, expected, 1e-12, squareSum);
    capture.dispose();
  }
});

test('finish without a pass is a mistake', () => {
  const before = liveTensors();
  const capture = new AttentionCapture(1, grid, { device: 'cpu', dtype: 'float32', squareSum: 'replay' });
  assert.throws(() => capture.finish(), /No attention was captured/);
  capture.dispose();
  assert.equal(liveTensors(), before);
});
