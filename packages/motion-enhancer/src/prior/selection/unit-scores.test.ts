import assert from 'node:assert/strict';
import { cat, Generator, rand, stack, type Tensor, zeros } from '@motion-enhancer/libtorch';
import { closeTo, tensorTest } from '@motion-enhancer/libtorch/testing';
import type { Word } from '@motion-enhancer/models';
import { freshSeed } from '@motion-enhancer/support/testing';
import type { UnitMaps } from '../capture/captured.js';
import { correlation } from './correlation.js';
import { selectUnits } from './select.js';
import { unitScores } from './unit-scores.js';

const SEED = freshSeed();
const generator = new Generator(SEED);
const grid = { frames: 4, height: 2, width: 3, textTokens: 3 };
const S = 24;
const WORDS: Word[] = [
  { text: 'dog', start: 0, end: 3, tokens: [0] },
  { text: 'jumps', start: 4, end: 9, tokens: [1, 2] },
];
const noise = (...shape: number[]) => rand(shape, { generator, dtype: 'float64' });

/** A map that goes on to the next place each frame, for three tokens: [3, S] */
function moving(): Tensor {
  const map = zeros([3, S], { dtype: 'float64' });
  for (let f = 0; f < 4; f++) map.narrow(1, f * 6 + f, 1).add_(1);
  return map;
}

/** Head 0 follows what moves; head 1 flickers by noise; head 2 rests. */
function captured(): UnitMaps {
  const resting = zeros([3, S], { dtype: 'float64' }).add(0.01).add(noise(1, 6).repeat(1, 4));
  const half = () => stack([moving().add(noise(3, S), 0.01), noise(3, S).pow(8), resting]);
  const halves = [half(), half()] as const;
  const maps_HTS = halves[0].add(halves[1]).div(2);
  const agreement_HT = correlation(...halves);
  return {
    ...{ grid, maps: null, spread: [], clip: 0 },
    words: {
      'text-to-video': { maps_HTS, agreement_HT },
      // The other direction: the same maps in other units, so that only their sums differ.
      'video-to-text': { maps_HTS: maps_HTS.mul(1000), agreement_HT },
    },
  };
}

tensorTest(`Pearson's r; 0 of what does not vary (seed ${SEED})`, () => {
  const [a, b] = [noise(3, S), noise(3, S)];
  const [x, y] = [a, b].map((t) => t.select(0, 1).toArray()) as [number[], number[]];
  const mean = (v: readonly number[]) => v.reduce((p, q) => p + q, 0) / v.length;
  const [mx, my] = [mean(x), mean(y)];
  const sum = (f: (i: number) => number) => x.reduce((total, _, i) => total + f(i), 0);
  const r =
    sum((i) => (x[i]! - mx) * (y[i]! - my)) / Math.sqrt(sum((i) => (x[i]! - mx) ** 2) * sum((i) => (y[i]! - my) ** 2));
  assert.ok(Math.abs(correlation(a, b).toArray()[1]! - r) < 1e-12);
  closeTo(correlation(a, a.mul(-3).add(1)), [-1, -1, -1], 1e-12);
  closeTo(correlation(a, zeros([3, S]).add(2)), [0, 0, 0], 1e-12);
});

tensorTest(`noise changes and is not reliable, what rests is reliable and does not change (seed ${SEED})`, () => {
  const maps = captured();
  const of = (selection: 'change-reliability' | 'reliability' | 'difference', difference_S?: Tensor) =>
    unitScores(maps, 'text-to-video', WORDS, { selection, ...(difference_S ? { difference_S } : {}) });
  const { change, reliability, measure, metrics } = of('change-reliability');
  assert.equal(metrics, null);
  assert.ok(reliability![0]! > 0.95 && reliability![1]! < 0.7 && reliability![2]! > 0.99, `${reliability}`);
  assert.ok(change[0]! > 0.5 && change[1]! > 0.1 && change[2]! < 1e-9, `${change}`);
  closeTo(
    measure,
    change.map((c, h) => c * reliability![h]!),
    1e-12,
  );
  assert.equal(measure.indexOf(Math.max(...measure)), 0);
  assert.deepEqual(of('reliability').measure, of('reliability').reliability);
  // Where the latents change is where head 0 looks.
  const { difference } = of('difference', moving().select(0, 0));
  assert.ok(
    difference![0]! > 0.99 && Math.abs(difference![1]!) < 0.8 && Math.abs(difference![2]!) < 0.8,
    `${difference}`,
  );
  // Maps that are each other's negative are not reliable at all.
  const { maps_HTS } = maps.words['text-to-video']!;
  const opposed = { ...maps, words: { 'text-to-video': { maps_HTS, agreement_HT: zeros([3, 3]).sub(1) } } };
  assert.deepEqual(unitScores(opposed, 'text-to-video', WORDS, { selection: 'reliability' }).measure, [0, 0, 0]);
});

tensorTest(`both directions: heads of each are chosen, each map weighs alike (seed ${SEED})`, () => {
  const maps = captured();
  const o = { headRatio: 0.3, wordRatio: 1, headCount: 1, selection: 'change-reliability', keepHeads: true } as const;
  const both = selectUnits(maps, WORDS, { ...o, direction: 'both' });
  assert.deepEqual(
    both.heads.map(({ head, direction, kept }) => [head, direction, kept]),
    (['text-to-video', 'video-to-text'] as const).flatMap((d) => [0, 1, 2].map((h) => [h, d, h === 0])),
  );
  assert.deepEqual(both.heads.map(({ rank }) => rank).sort(), [0, 1, 2, 3, 4, 5]);
  assert.deepEqual(
    both.heads.filter(({ kept }) => kept).map(({ rank }) => rank),
    [0, 1],
  );
  const map = maps.words['text-to-video']!.maps_HTS.select(0, 0);
  const rows = stack([map.select(0, 0), map.narrow(0, 1, 2).mean(0)]);
  closeTo(both.rows_WFHW.flatten(1), rows.div(rows.sum(1, true)), 1e-6);
  closeTo(both.heads_UWFHW!.flatten(2).sum(-1), Array<number>(12).fill(1), 1e-6);
  // One direction alone is as it is, and says so.
  const one = selectUnits(maps, WORDS, { ...o, direction: 'video-to-text' });
  closeTo(one.rows_WFHW.flatten(1), rows.mul(1000), 1e-6);
  assert.ok(one.heads.every(({ direction, dfc }) => direction === 'video-to-text' && dfc === undefined));
  assert.ok(selectUnits(maps, WORDS, o).heads.every(({ direction }) => direction === undefined));
  assert.equal(cat([one.rows_WFHW, both.rows_WFHW]).isfinite().all().item(), 1);
});
