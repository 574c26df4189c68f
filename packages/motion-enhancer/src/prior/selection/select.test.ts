import assert from 'node:assert/strict';
import type { Tensor } from '@motion-enhancer/libtorch';
import { tensor } from '@motion-enhancer/libtorch';
import { closeTo, tensorTest } from '@motion-enhancer/libtorch/testing';
import type { Word } from '@motion-enhancer/models';
import type { HeadMaps } from '../capture/head-maps.js';
import { select } from './select.js';

const grid = { frames: 4, height: 2, width: 2, textTokens: 6 };
const [F, P, S] = [4, 4, 16];
const WORDS: Word[] = [
  { text: 'A', start: 0, end: 1, tokens: [0] },
  { text: 'dog', start: 2, end: 5, tokens: [1] },
  { text: 'somersaults', start: 6, end: 17, tokens: [2, 3] },
  { text: 'slowly', start: 18, end: 24, tokens: [4] },
];

/** Head 2 of three ties each location to itself through time; in it, `somersaults` flickers from frame to frame. */
function syntheticMaps(): HeadMaps {
  const even = 1 / (2 * S);
  const same = [even, even * 1.5, 1 / (2 * F)].flatMap((value) => new Array<number>(P * F * F).fill(value));
  const row = (value: (f: number) => number) => Array.from({ length: S }, (_, i) => value(Math.floor(i / P)));
  const steady = row(() => 0.01);
  const flickering = row((f) => (f % 2 === 0 ? 0 : 0.02));
  const loud = row(() => 0.5);
  const text = (rows: number[][]) => rows.flat();
  return {
    grid,
    // Heads 0 and 1 would choose `A` and `slowly`; token 5 is the end mark.
    textToVideo_HTS: tensor(
      [
        ...text([loud, steady, steady, steady, loud, loud]),
        ...text([loud, steady, steady, steady, loud, loud]),
        ...text([steady, steady, flickering, flickering, steady, loud]),
      ],
      { dtype: 'float64', shape: [3, 6, S] },
    ),
    sameLocation_HPFF: tensor(same, { dtype: 'float64', shape: [3, P, F, F] }),
    total_H: tensor([0.5 * S, 0.5 * S, 0.5 * S], { dtype: 'float64' }),
    squares_H: tensor([S * S * even ** 2, S * S * even ** 2 * 2, S * F * (1 / (2 * F)) ** 2 + 1e-3], {
      dtype: 'float64',
    }),
  };
}

tensorTest('the motion-sensitive head and the word that it moves with are chosen', () => {
  const maps = syntheticMaps();
  const { heads, words, rows_WFHW, allHeads_WFHW } = select(maps, WORDS, {
    headRatio: 0.2,
    wordRatio: 0.25,
    keepAllHeads: true,
  });
  assert.deepEqual(
    heads.map((h) => h.kept),
    [false, false, true],
  );
  assert.deepEqual(
    heads.map((h) => h.rank),
    [2, 1, 0],
  );
  assert.deepEqual(
    words.map((w) => w.kept),
    [false, false, true, false],
  );
  assert.deepEqual(
    words.map(({ text, start, end }) => ({ text, start, end })),
    WORDS.map(({ text, start, end }) => ({ text, start, end })),
  );
  closeTo(
    words.map((w) => w.ms),
    [0.01, 0.01, 0.03, 0.01],
    1e-12,
  );
  assert.ok(words[2]!.z > 1 && words[0]!.z < 0);

  // All words are in the prior, on the grid, float32; the kept head's rows and the mean over all heads.
  assert.deepEqual(
    [rows_WFHW.shape, allHeads_WFHW!.shape],
    [
      [4, 4, 2, 2],
      [4, 4, 2, 2],
    ],
  );
  assert.deepEqual([rows_WFHW.dtype, allHeads_WFHW!.dtype], ['float32', 'float32']);
  const ofHead = (t: Tensor) => t.select(0, 2).flatten().toArray();
  closeTo(
    ofHead(rows_WFHW),
    Array.from({ length: S }, (_, i) => (Math.floor(i / P) % 2) * 0.02),
    1e-7,
  );
  closeTo(
    ofHead(allHeads_WFHW!),
    Array.from({ length: S }, (_, i) => (0.01 + 0.01 + (Math.floor(i / P) % 2) * 0.02) / 3),
    1e-7,
  );
});

tensorTest('without head selection the loud words win: the choice of heads reaches that of words', () => {
  const all = select(syntheticMaps(), WORDS, { headRatio: 1, wordRatio: 0.5, keepAllHeads: true });
  assert.deepEqual(
    all.heads.map((h) => h.kept),
    [true, true, true],
  );
  assert.deepEqual(
    all.words.map((w) => w.kept),
    [true, false, false, true],
  );
  closeTo(all.rows_WFHW, all.allHeads_WFHW!, 1e-7);
});

tensorTest('one word is always kept', () => {
  const { words, allHeads_WFHW } = select(syntheticMaps(), [WORDS[1]!], { headRatio: 0, wordRatio: 0 });
  assert.equal(allHeads_WFHW, null, 'only where asked for');
  assert.deepEqual(
    words.map((w) => [w.kept, w.z]),
    [[true, 0]],
  );
});
