import assert from 'node:assert/strict';
import { test } from 'node:test';
import { cosine, divergence } from './near-mask.js';

test('cosine: 1 for a map like the mask at any scale, 0 for one apart; by hand', () => {
  assert.ok(Math.abs(cosine([2, 4, 0], [1, 2, 0]) - 1) < 1e-12);
  assert.equal(cosine([0, 0, 3], [1, 2, 0]), 0);
  assert.equal(cosine([0, 0, 0], [1, 2, 0]), 0);
  assert.ok(Math.abs(cosine([1, 1], [1, 0]) - Math.SQRT1_2) < 1e-12);
});

test('KL: next to 0 for the mask itself, log of the share on the mover, large beside it', () => {
  const mask = [0.5, 0.5, 0, 0];
  assert.ok(Math.abs(divergence([3, 3, 0, 0], mask)) < 2e-3);
  assert.ok(Math.abs(divergence([1, 0, 0, 0], mask) - Math.log(2)) < 2e-3);
  // Half beside the mover, on a cell that has a quarter of a thousandth.
  const half = divergence([1, 1, 2, 0], mask);
  assert.ok(Math.abs(half - (0.5 * Math.log(0.25 / 0.5) + 0.5 * Math.log(0.5 / 0.00025))) < 2e-3, `${half}`);
});
