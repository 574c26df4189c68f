import assert from 'node:assert/strict';
import { Generator, randn, tensor, zeros } from '@motion-enhancer/libtorch';
import { closeTo, tensorTest } from '@motion-enhancer/libtorch/testing';
import { freshSeed, randomSource } from '@motion-enhancer/support/testing';
import type { HeadMaps } from '../capture/head-maps.js';
import { motionSaliency, textToVideo, wordRows } from './tokens.js';

const SEED = freshSeed();

/** One row over F frames of P locations, each frame constant. */
const frames = (values: readonly number[], P = 3): number[] => values.flatMap((v) => new Array<number>(P).fill(v));

tensorTest('MS: a constant row c has c, one that alternates 0, 2c over an even number of frames 3c', () => {
  for (const F of [2, 4, 6]) {
    const c = 0.25;
    const alternating = Array.from({ length: F }, (_, f) => (f % 2) * 2 * c);
    const { ms } = motionSaliency(tensor([frames(new Array(F).fill(c)), frames(alternating)], { dtype: 'float64' }), F);
    assert.deepEqual(ms, [c, 3 * c]);
  }
});

tensorTest('MS: the change is between neighbouring frames, of the mean over locations; one frame has none', () => {
  // |1 − 5| and |2 − 1|: mean 2.5, beside the level 8/3.
  closeTo(motionSaliency(tensor([frames([5, 1, 2])], { dtype: 'float64' }), 3).ms, [8 / 3 + 2.5], 1e-12);
  assert.deepEqual(motionSaliency(tensor([[1, 3, 8]], { dtype: 'float64' }), 1).ms, [4]);
  // What moves between the locations of a frame does not change its mean.
  assert.deepEqual(motionSaliency(tensor([[4, 0, 0, 4]], { dtype: 'float64' }), 2).ms, [2]);
});

tensorTest(`MS of random rows, from the definition (seed ${SEED})`, () => {
  const random = randomSource(SEED);
  for (const [words, F, P] of [
    [1, 1, 4],
    [3, 2, 1],
    [5, 7, 6],
  ] as const) {
    const rows = Array.from({ length: words }, () => Array.from({ length: F * P }, () => random.next() * 1e-4));
    const expected = rows.map((row) => {
      const a = Array.from({ length: F }, (_, f) => row.slice(f * P, (f + 1) * P).reduce((x, y) => x + y) / P);
      const change = a.slice(1).reduce((sum, v, f) => sum + Math.abs(v - a[f]!), 0) / Math.max(1, F - 1);
      return a.reduce((x, y) => x + y) / F + change;
    });
    closeTo(motionSaliency(tensor(rows, { dtype: 'float32' }), F).ms, expected, 1e-6);
    const { ms, z } = motionSaliency(tensor(rows, { dtype: 'float64' }), F);
    closeTo(ms, expected, 1e-12);
    assert.equal(z.length, words);
    if (words > 1) assert.ok(Math.min(...z) < 0 && Math.max(...z) > 0, 'z-scores have both signs');
    closeTo([1 + z.reduce((x, y) => x + y)], [1], 1e-6);
    assert.deepEqual(z.indexOf(Math.max(...z)), ms.indexOf(Math.max(...ms)));
  }
});

tensorTest('rows of words are the means of their tokens’ rows', () => {
  const rows = tensor(
    [
      [1, 2],
      [3, 4],
      [5, 9],
      [7, 7],
    ],
    { dtype: 'float64' },
  );
  const words = [{ tokens: [0] }, { tokens: [1, 2] }, { tokens: [3, 1, 0] }];
  assert.deepEqual(wordRows(rows, words).tolist(), [
    [1, 2],
    [4, 6.5],
    [11 / 3, 13 / 3],
  ]);
});

tensorTest('heads are averaged as chosen; null takes all', () => {
  const generator = new Generator(SEED);
  const textToVideo_HTS = randn([4, 3, 5], { generator, dtype: 'float64' });
  const one = zeros([1]);
  const grid = { frames: 5, height: 1, width: 1, textTokens: 3 };
  const maps: HeadMaps = { grid, textToVideo_HTS, sameLocation_HPFF: one, total_H: one, squares_H: one };
  closeTo(textToVideo(maps, null), textToVideo_HTS.mean(0), 1e-14);
  closeTo(textToVideo(maps, [0, 1, 2, 3]), textToVideo_HTS.mean(0), 1e-14);
  closeTo(textToVideo(maps, [2]), textToVideo_HTS.select(0, 2), 0);
  closeTo(textToVideo(maps, [3, 1]), textToVideo_HTS.select(0, 1).add(textToVideo_HTS.select(0, 3)).div(2), 1e-14);
  generator.dispose();
});
