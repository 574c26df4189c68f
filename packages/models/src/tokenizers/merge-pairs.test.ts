import assert from 'node:assert/strict';
import { test } from 'node:test';
import { freshSeed, randomSource } from '@motion-enhancer/support/testing';
import { mergePairs } from './merge-pairs.js';
import { PairTable } from './pair-table.js';

const RANDOM = randomSource(freshSeed());

/** The definition: search the whole word for the best pair, again and again. */
function naive(symbols: number[], merges: [number, number][], base: number): number[] {
  const ids = [...symbols];
  for (;;) {
    let best = merges.length;
    let at = -1;
    for (let i = 0; i + 1 < ids.length; i++) {
      const rank = merges.findIndex(([left, right]) => left === ids[i] && right === ids[i + 1]);
      if (rank >= 0 && rank < best) [best, at] = [rank, i];
    }
    if (at < 0) return ids;
    ids.splice(at, 2, base + best);
  }
}

test('merges as the definition does, for random merges and words', () => {
  for (let round = 0; round < 300; round++) {
    const letters = 2 + RANDOM.below(3);
    const merges: [number, number][] = [];
    while (merges.length < 12) {
      const pair: [number, number] = [0, 0].map(() => Math.floor(RANDOM.next() * (letters + merges.length))) as [
        number,
        number,
      ];
      if (!merges.some(([a, b]) => a === pair[0] && b === pair[1])) merges.push(pair);
    }
    const table = new PairTable(merges.length);
    merges.forEach(([left, right], rank) => {
      table.set(left, right, rank);
    });
    const merged = Int32Array.from(merges, (_, rank) => letters + rank);
    const word = Array.from({ length: RANDOM.below(30) }, () => RANDOM.below(letters));
    assert.deepEqual(mergePairs(Int32Array.from(word), table, merged), naive(word, merges, letters));
  }
});
