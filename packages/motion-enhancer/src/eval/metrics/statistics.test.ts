import assert from 'node:assert/strict';
import { test } from 'node:test';
import { closeTo } from '@motion-enhancer/libtorch/testing';
import { freshSeed, randomSource } from '@motion-enhancer/support/testing';
import { Binomial, sumOfDraws } from './binomial.js';
import { clusterBootstrap, pairedBootstrap, quantile } from './bootstrap.js';
import { mcnemar } from './mcnemar.js';
import { erfc } from './special.js';
import { proportion } from './wilson.js';

const near = (a: number, b: number, rel = 1e-12) => closeTo([a], [b], rel);

test('erfc as Python’s math.erfc', () => {
  for (const [x, y] of [
    [0, 1],
    [0.1, 0.8875370839817152],
    [0.5, 0.4795001221869535],
    [1, 0.15729920705028513],
    [1.9, 0.0072095707647425325],
    [2, 0.004677734981047265],
    [2.5, 0.0004069520174449589],
    [4, 1.541725790028002e-8],
    [6, 2.1519736712498916e-17],
    [10, 2.088487583762545e-45],
  ] as const)
    near(erfc(x), y, 1e-11);
  assert.ok(Number.isNaN(erfc(-1)));
});

test('Wilson intervals of Newcombe (1998), table I, method 3', () => {
  for (const [right, total, low, high] of [
    [81, 263, 0.2553, 0.3662],
    [15, 148, 0.0624, 0.1605],
    [0, 20, 0, 0.1611],
    [1, 29, 0.0061, 0.1718],
  ] as const) {
    const found = proportion(right, total);
    assert.equal(Number(found.low.toFixed(4)), low);
    assert.equal(Number(found.high.toFixed(4)), high);
    assert.equal(found.accuracy, right / total);
  }
  assert.deepEqual(proportion(0, 0), { right: 0, total: 0, accuracy: Number.NaN, low: 0, high: 1 });
});

const seed = freshSeed();
test(`Wilson: solves the score equation, mirrors, narrows (seed ${seed})`, () => {
  const { below } = randomSource(seed);
  for (let k = 0; k < 200; k++) {
    const total = 1 + below(9000);
    const right = below(total + 1);
    const { accuracy, low, high } = proportion(right, total);
    assert.ok(0 <= low && low <= accuracy && accuracy <= high && high <= 1);
    // Each bound p solves (p̂ − p)² = z² p (1 − p) / n.
    for (const p of [low, high])
      if (p > 0 && p < 1) near((accuracy - p) ** 2 * total, 1.959963984540054 ** 2 * p * (1 - p), 1e-6);
    const mirrored = proportion(total - right, total);
    assert.ok(Math.abs(mirrored.low - (1 - high)) < 1e-12 && Math.abs(mirrored.high - (1 - low)) < 1e-12);
    const more = proportion(right * 4, total * 4);
    assert.ok(more.high - more.low < high - low);
  }
});

test('McNemar: textbook values and exact sums', () => {
  // 121 and 59 discordant pairs: χ² = 20.67 with the continuity correction.
  near(mcnemar(121, 59).chiSquare, 20.67222222222222);
  near(mcnemar(121, 59).p, 5.450094825427123e-6, 1e-9);
  near(mcnemar(121, 59).exact, 4.434449263755176e-6, 1e-9);
  near(mcnemar(5, 15).exact, 0.04138946533203125);
  near(mcnemar(5, 15).chiSquare, 4.05);
  near(mcnemar(5, 15).p, 0.04417134490844261, 1e-10);
  near(mcnemar(0, 7).exact, 2 / 2 ** 7);
  near(mcnemar(400, 470).exact, 0.019267052848609224, 1e-9);
  assert.equal(mcnemar(10, 10).exact, 1);
  assert.equal(mcnemar(10, 10).chiSquare, 0);
  assert.deepEqual(mcnemar(0, 0), { onlyA: 0, onlyB: 0, exact: 1, chiSquare: 0, p: 1 });
  assert.equal(mcnemar(3, 9).exact, mcnemar(9, 3).exact);
});

test('quantiles as numpy’s default', () => {
  const sorted = Float64Array.of(1, 2, 4, 8);
  assert.deepEqual(
    [0, 0.25, 0.5, 0.9, 1].map((q) => quantile(sorted, q)),
    [1, 1.75, 3, 6.800000000000001, 8],
  );
});

const random = (n: number, gain: number, next: () => number): Int8Array =>
  Int8Array.from({ length: n }, () => (next() < gain ? 1 : next() < 0.1 ? -1 : 0));

test(`paired bootstrap: near the normal interval, the same for a seed, symmetric in the runs (seed ${seed})`, () => {
  const { next } = randomSource(seed);
  const strata = [1500, 400, 64].map((n) => ({ differences: random(n, 0.14, next) }));
  const found = pairedBootstrap(strata, 4000, 7);
  assert.deepEqual(pairedBootstrap(strata, 4000, 7), found);
  const swapped = pairedBootstrap(
    strata.map(({ differences }) => ({ differences: differences.map((d) => -d) })),
    4000,
    7,
  );
  assert.ok(Math.abs(swapped.overall.low + found.overall.high) < 0.01);
  const n = strata.reduce((sum, { differences }) => sum + differences.length, 0);
  let variance = 0;
  let averageVariance = 0;
  for (const { differences } of strata) {
    const mean = differences.reduce((a, b) => a + b, 0) / differences.length;
    const own = differences.reduce((a, b) => a + (b - mean) ** 2, 0) / differences.length;
    variance += own * differences.length;
    averageVariance += own / differences.length;
  }
  const widths = [
    [found.overall, (2 * 1.96 * Math.sqrt(variance)) / n],
    [found.average, (2 * 1.96 * Math.sqrt(averageVariance)) / strata.length],
  ] as const;
  for (const [{ low, high, difference }, width] of widths) {
    assert.ok(Math.abs((high - low) / width - 1) < 0.12, `${high - low} ${width}`);
    assert.ok(low < difference && difference < high);
  }
});

test('binomial draws: the inverse of the distribution, sure events, sums as of single draws', () => {
  const two = new Binomial(2, 0.25); // 9/16, 6/16, 1/16
  assert.deepEqual(
    [0, 0.5624, 0.5626, 0.9374, 0.9376, 0.999999].map((u) => two.draw(u)),
    [0, 0, 1, 1, 2, 2],
  );
  assert.equal(new Binomial(5, 1).draw(0), 5);
  assert.equal(new Binomial(5, 0).draw(0.999999), 0);
  const { next, below } = randomSource(seed);
  const numbers = [...Array<number>(30).fill(1), ...Array<number>(12).fill(-1), ...Array<number>(58).fill(0)];
  const quick = sumOfDraws(100, 30, 12, next);
  const counts = (draw: () => number): number[] => {
    const tally = Array<number>(8).fill(0);
    for (let k = 0; k < 4000; k++) tally[Math.min(7, Math.max(0, Math.floor(draw() / 6)))]!++;
    return tally;
  };
  const [a, b] = [counts(quick), counts(() => numbers.reduce((sum) => sum + numbers[below(100)]!, 0))];
  // χ² of two samples, 7 degrees of freedom: 35 is exceeded once in 90,000 runs.
  const chiSquare = a.reduce((sum, n, i) => sum + (n + b[i]! === 0 ? 0 : (n - b[i]!) ** 2 / (n + b[i]!)), 0);
  assert.ok(chiSquare < 35, String(chiSquare));
});

test('runs that agree have an interval of width 0; strata without questions have none', () => {
  const found = pairedBootstrap([{ differences: new Int8Array(50) }, { differences: new Int8Array(0) }], 100, 1);
  assert.deepEqual(found.overall, { difference: 0, low: 0, high: 0 });
  assert.deepEqual(found.average, { difference: 0, low: 0, high: 0 });
  assert.ok(Number.isNaN(found.strata[1]!.difference));
});

test('drawing whole videos widens the interval where a video’s questions go together', () => {
  const { next } = randomSource(seed);
  const videos = Array.from({ length: 300 }, () => {
    const change = next() < 0.2 ? 1 : next() < 0.1 ? -1 : 0;
    return { differences: Int8Array.from({ length: 5 }, () => change) };
  });
  const all = [{ differences: Int8Array.from(videos.flatMap(({ differences }) => [...differences])) }];
  const byVideo = clusterBootstrap(videos, 2000, 3);
  const byQuestion = pairedBootstrap(all, 2000, 3).overall;
  near(byVideo.difference, byQuestion.difference, 1e-9);
  const ratio = (byVideo.high - byVideo.low) / (byQuestion.high - byQuestion.low);
  assert.ok(Math.abs(ratio - Math.sqrt(5)) < 0.35, String(ratio));
});

test('10,000 resamples of FAVOR’s 8,184 questions take less than a second', () => {
  const { next } = randomSource(1);
  const strata = [2637, 1541, 1662, 1205, 1075, 64].map((n) => ({ differences: random(n, 0.1, next) }));
  // The processor's time: other work on the cores is no slowness.
  const start = process.cpuUsage();
  pairedBootstrap(strata, 10_000, 0);
  const { user, system } = process.cpuUsage(start);
  assert.ok(user + system < 1e6, `${(user + system) / 1000} ms`);
});
