import assert from 'node:assert/strict';
import { test } from 'node:test';
import { freshSeed, randomSource } from '@motion-enhancer/support/testing';
import { Unigram } from './unigram.js';
import type { UnigramVocabulary } from './unigram-vocabulary.js';

const RANDOM = randomSource(freshSeed());

function vocabulary(entries: [string, number][]): UnigramVocabulary {
  return {
    pieces: ['<unk>', ...entries.map(([piece]) => piece)],
    scores: [0, ...entries.map(([, score]) => score)],
    normal: [false, ...entries.map(() => true)],
    unkId: 0,
    padId: 0,
    eosId: 0,
    charsmap: new Uint8Array(0),
    addDummyPrefix: true,
    removeExtraWhitespaces: true,
  };
}

/** Best score over all segmentations, by recursion over the definition. */
function bestScore(text: string, scores: Map<string, number>, unknown: number): number {
  if (text === '') return 0;
  const first = scores.has(text[0]!) ? Number.NEGATIVE_INFINITY : unknown + bestScore(text.slice(1), scores, unknown);
  let best = first;
  for (let end = 1; end <= text.length; end++) {
    const score = scores.get(text.slice(0, end));
    if (score !== undefined) best = Math.max(best, score + bestScore(text.slice(end), scores, unknown));
  }
  return best;
}

test('finds the best of all segmentations', () => {
  for (let round = 0; round < 100; round++) {
    const entries = new Map<string, number>();
    while (entries.size < 8) {
      const piece = Array.from({ length: 1 + RANDOM.below(4) }, () => 'abcd'[RANDOM.below(4)]).join('');
      // Multiples of 1/4 add up exactly in float32.
      entries.set(piece, -RANDOM.below(60) / 4);
    }
    const unigram = new Unigram(vocabulary([...entries]));
    const unknown = Math.min(...entries.values()) - 10;
    const text = Array.from({ length: 9 }, () => 'abcd'[RANDOM.below(4)]).join('');
    const pieces = unigram.segment(text);
    assert.equal(pieces.map(({ start, end }) => text.slice(start, end)).join(''), text);
    // A fused unknown piece counts once per character.
    const score = pieces.reduce(
      (sum, { id, start, end }) => sum + (id === 0 ? (end - start) * unknown : entries.get(text.slice(start, end))!),
      0,
    );
    assert.equal(score, bestScore(text, entries, unknown));
  }
});

test('an unknown character costs 10 more than the least likely piece; neighbours fuse', () => {
  const costs = new Unigram(
    vocabulary([
      ['ab', -15],
      ['cd', -15],
      ['bcd', -1],
      ['z', -20],
    ]),
  );
  // ab + cd = -30; unknown a + bcd = -20 - 10 - 1.
  assert.deepEqual(
    costs.segment('abcd').map(({ id }) => id),
    [1, 2],
  );
  const cheaper = new Unigram(
    vocabulary([
      ['ab', -15],
      ['cd', -15],
      ['bcd', -1],
      ['z', -18],
    ]),
  );
  assert.deepEqual(
    cheaper.segment('abcd').map(({ id }) => id),
    [0, 3],
  );
  const fused = new Unigram(vocabulary([['a', -1]])).segment('a☃🏃');
  assert.deepEqual(fused, [
    { id: 1, start: 0, end: 1 },
    { id: 0, start: 1, end: 4 },
  ]);
  assert.deepEqual(costs.segment(''), []);
});
