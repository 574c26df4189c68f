import assert from 'node:assert/strict';
import { test } from 'node:test';
import { planPrefixes } from './prefix-caching.js';

const prompt = (medium: number, shared: number, own: number, seed = 0) => [
  ...Array.from({ length: shared }, (_, i) => 1000 * medium + i),
  ...Array.from({ length: own }, (_, i) => 100_000 + 100 * seed + i),
];
const sameStart = (prompts: readonly number[][]) => (a: number, b: number) => prompts[a]![0] === prompts[b]![0];
const plan = (prompts: number[][]) => planPrefixes(prompts, sameStart(prompts));

test('questions about one medium share its tokens; the longest own part decides for all', () => {
  const prompts = [prompt(1, 50, 4, 1), prompt(1, 50, 9, 2), prompt(2, 80, 6, 3), prompt(1, 50, 2, 4)];
  assert.deepEqual(plan(prompts), {
    own: 9,
    prefixes: [
      { sequence: 1, length: 50, sequences: [0, 1, 3] },
      { sequence: 2, length: 77, sequences: [2] },
    ],
  });
});

test('nothing is shared without two sequences of one medium, nor where little is saved', () => {
  assert.equal(plan([prompt(1, 50, 4), prompt(2, 50, 4)]), null);
  assert.equal(plan([prompt(1, 50, 4)]), null);
  // Own parts as long as what is shared: 5 + 2 · 50 of 110 tokens.
  assert.equal(plan([prompt(1, 5, 50, 1), prompt(1, 5, 50, 2)]), null);
  // A short prompt has no prefix left for the cache.
  assert.equal(plan([prompt(1, 90, 20, 1), prompt(1, 90, 20, 2), prompt(2, 3, 2)]), null);
});

test('equal prompts share all but the last token', () => {
  const prompts = [prompt(1, 30, 5), prompt(1, 30, 5)];
  assert.deepEqual(plan(prompts), { own: 1, prefixes: [{ sequence: 0, length: 34, sequences: [0, 1] }] });
});
