import assert from 'node:assert/strict';
import { test } from 'node:test';
import { freshSeed, randomSource } from '@motion-enhancer/support/testing';
import { makeClip } from '../generate/index.js';
import { auc, lift, moverShare, perfectLift, spearman } from './where-moves.js';

const seed = freshSeed();

test('the mover’s share of cells adds up to the pixels where it is seen', () => {
  for (let index = 0; index < 12; index++) {
    const clip = makeClip('test', index);
    const share = moverShare(clip, 8, 8);
    const seen = clip.masks.filter((label) => label === (clip.scene.mover ?? -2) + 1).length;
    const sum = share.reduce((a, b) => a + b, 0) * 2 * 64;
    assert.ok(Math.abs(sum - seen) < 1e-6, `${sum} ${seen}`);
    assert.ok(Math.max(...share) <= 1 + 1e-9);
  }
});

test(`lift: 1 for a uniform map, the best possible for a map on the best cell, and scale does not count (TEST_SEED=${seed})`, () => {
  const random = randomSource(seed);
  const share = Float64Array.from({ length: 32 }, () => (random.next() < 0.3 ? random.next() : 0));
  share[random.below(32)] = 1;
  assert.ok(Math.abs(lift(new Float64Array(32).fill(3), share).lift - 1) < 1e-12);
  const best = Float64Array.from(share, (s) => (s === Math.max(...share) ? 7 : 0));
  assert.ok(Math.abs(lift(best, share).lift - perfectLift(share)) < 1e-9);
  assert.equal(lift(best, share).hit, true);
  const map = Float64Array.from({ length: 32 }, () => random.next());
  assert.ok(
    Math.abs(
      lift(map, share).lift -
        lift(
          map.map((m) => 5 * m),
          share,
        ).lift,
    ) < 1e-12,
  );
  assert.equal(
    lift(
      Float64Array.from(share, (s) => (s === 0 ? 1 : 0)),
      share,
    ).hit,
    false,
  );
});

test('AUC and rank correlation', () => {
  assert.equal(auc([3, 4], [1, 2]), 1);
  assert.equal(auc([1, 2], [1, 2]), 0.5);
  assert.equal(auc([0], [1, 2, 3]), 0);
  assert.ok(Math.abs(spearman([1, 2, 3, 4], [10, 20, 300, 4000]) - 1) < 1e-12);
  assert.ok(Math.abs(spearman([1, 2, 3, 4], [4, 3, 2, 1]) + 1) < 1e-12);
  assert.equal(spearman([1, 1, 1], [1, 2, 3]), 0);
  // With ties: Pearson's correlation of the mean ranks 0.5, 0.5, 2 and 0, 1.5, 1.5.
  assert.ok(Math.abs(spearman([1, 1, 2], [1, 2, 2]) - 0.5) < 1e-12);
});
