import assert from 'node:assert/strict';
import { test } from 'node:test';
import { row } from '../testing.js';
import { coverage, wordsOf } from './alignment-notes.js';

test('coverage of priors and dropped words are told as counts and shares', () => {
  const index = {
    size: 7,
    grid: { frames: 2, height: 3, width: 4 },
    lacks: ({ id }: { id: string }) => (id === 'b' ? 'no prior is of their text' : null),
  };
  assert.equal(
    coverage([row('a'), row('b'), row('c')], index),
    "priors: 2 of 3 rows have one of the store's 7, 1 learn from their answers alone (1: no prior is of their text); alignment grid 2 × 3 × 4",
  );
  const step = { words: 6, droppedWords: 2, aligned: 1, samples: ['a', 'b'] };
  assert.equal(
    wordsOf([step, { ...step, droppedWords: 0 }]),
    'words: 12 aligned, 2 (14.3 %) not found in their chats and dropped; 2 of 4 samples aligned',
  );
  assert.match(wordsOf([]), /0 aligned, 0 \(0\.0 %\)/);
});
