import assert from 'node:assert/strict';
import { test } from 'node:test';
import { checkCounts, countMismatch } from './known-counts.js';
import type { LoadedBenchmark } from './question.js';
import { SEED_TYPES } from './seedbench/types.js';

const loaded = (benchmark: string, split: string, counts: Record<string, number>): LoadedBenchmark => ({
  ...{ benchmark, split, counts, file: 'f', questions: [], bad: [], notes: [] },
});
const seed = Object.fromEntries(SEED_TYPES.map((type, i) => [type, i === 0 ? 19242 - 11 : 1]));

test('files with the published counts pass', () => {
  for (const one of [
    loaded('motionbench', 'dev', { MR: 1478, LM: 546, AO: 519, RC: 400, MO: 690, CM: 385 }),
    loaded('favor', 'all', { AS: 2637, HAC: 1541, SAD: 1662, MAD: 1205, CM: 1075, NSM: 64 }),
    loaded('favor-open', 'all', { 'Single subject': 1121, 'Multiple subjects': 654, 'A single subject': 1 }),
    loaded('videomme', 'all', { short: 900, medium: 900, long: 900 }),
    loaded('seedbench', 'all', seed),
    loaded('motionbench', 'test', { MR: 3 }), // sources differ about it
  ])
    assert.equal(countMismatch(one), '', one.benchmark);
});

test('any other count is reported: rows in all, of a type, a type that is missing or strange', () => {
  const dev = { MR: 1478, LM: 546, AO: 519, RC: 400, MO: 690, CM: 384 };
  assert.match(countMismatch(loaded('motionbench', 'dev', dev)), /^4017 rows, not 4018; 384 of CM, not 385 \(/);
  assert.match(countMismatch(loaded('videomme', 'all', { short: 1800, medium: 900 })), /^none of long \(/);
  const { 'Text Understanding': _, ...less } = seed;
  assert.match(countMismatch(loaded('seedbench', 'all', less)), /19241 rows.*none of Text Understanding/);
  const strange = loaded('seedbench', 'image', {
    ...Object.fromEntries(SEED_TYPES.slice(0, 9).map((t) => [t, 2])),
    x: 1,
  });
  assert.match(countMismatch(strange), /^1 of x, which is no type of it/);
  assert.throws(() => checkCounts(strange, false), { name: 'UserError', message: /--allow-counts/ });
  checkCounts(strange, true);
  assert.match(strange.notes.join(), /counts differ/);
});
