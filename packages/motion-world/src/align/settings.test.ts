import assert from 'node:assert/strict';
import { test } from 'node:test';
import { PLAIN } from '../sweep/condition.js';
import type { AlignedWord } from './aligned-words.js';
import { changeMap, evenness } from './change-map.js';
import { type ClipWords, type ConditionMaps, conditionMaps, type PriorMaps } from './maps-of-condition.js';

const near = (found: Float32Array | null | undefined, wanted: readonly number[] | null, message = '') => {
  assert.equal(found === null, wanted === null, message);
  wanted?.forEach((value, i) => {
    assert.ok(Math.abs(found![i]! - value) < 1e-6, `${message}: ${[...found!]}, not ${wanted}`);
  });
};
const map = (...values: number[]) => Float32Array.from(values);
const AS_IS = { sharp: 1, still: false, blur: 0, mix: 0 };
/** Two frames of 1 × 3 cells. */
const ROW = { frames: 2, height: 1, width: 3 };
const PEAKS = map(3, 0, 0, 0, 0, 6);

test('mix: the share of the mass that is spread evenly', () => {
  near(changeMap(PEAKS, { ...AS_IS, mix: 0.5 }, ROW), [2.25, 0.75, 0.75, 0.75, 0.75, 3.75]);
  near(changeMap(PEAKS, { ...AS_IS, mix: 1 }, ROW), [1.5, 1.5, 1.5, 1.5, 1.5, 1.5]);
});

test('blur: thirds over width, then height; what would leave stays; never into other frames', () => {
  near(changeMap(PEAKS, { ...AS_IS, blur: 1 }, ROW), [2, 1, 0, 0, 2, 4]);
  // A second pass of [2, 1, 0] and [0, 2, 4].
  near(changeMap(PEAKS, { ...AS_IS, blur: 2 }, ROW), [5 / 3, 1, 1 / 3, 2 / 3, 2, 10 / 3]);
  const corner = map(9, 0, 0, 0, 0, 0, 0, 0, 0);
  near(changeMap(corner, { ...AS_IS, blur: 1 }, { frames: 1, height: 3, width: 3 }), [4, 2, 0, 2, 1, 0, 0, 0, 0]);
  const wide = map(0, 0, 0, 0, 9, 0);
  near(changeMap(wide, { ...AS_IS, blur: 1 }, { frames: 1, height: 2, width: 3 }), [1, 1, 1, 2, 2, 2]);
});

test('still: the mean over frames in every frame', () => {
  near(changeMap(PEAKS, { ...AS_IS, still: true }, ROW), [1.5, 0, 3, 1.5, 0, 3]);
});

test('sharp: a power with the sum kept, of entries however small', () => {
  near(changeMap(map(1, 2, 0, 0, 0, 0), { ...AS_IS, sharp: 2 }, ROW), [0.6, 2.4, 0, 0, 0, 0]);
  const small = changeMap(map(1e-12, 2e-12, 0, 0, 0, 0), { ...AS_IS, sharp: 8 }, ROW);
  near(
    small.map((value) => value / 3e-12),
    [1 / 257, 256 / 257, 0, 0, 0, 0],
  );
});

test('together: sharp, still, blur, mix; an empty map stays empty', () => {
  const one = { sharp: 2, still: true, blur: 1, mix: 0.5 };
  // [9, 0, 0 | 0, 0, 36] / 45 · 9 = [1.8, 0, 0 | 0, 0, 7.2] → [0.9, 0, 3.6] twice → [0.6, 1.5, 2.4] → half of it + 0.75
  near(changeMap(PEAKS, one, ROW), [1.05, 1.5, 1.95, 1.05, 1.5, 1.95]);
  near(changeMap(map(0, 0, 0, 0, 0, 0), one, ROW), [0, 0, 0, 0, 0, 0]);
});

test('evenness: 0 for one cell, 1 for even and empty maps', () => {
  assert.equal(evenness(map(0, 5, 0, 0)), 0);
  assert.ok(Math.abs(evenness(map(2, 2, 2, 2)) - 1) < 1e-6);
  assert.ok(Math.abs(evenness(map(1, 1, 0, 0)) - 0.5) < 1e-6);
  assert.equal(evenness(map(0, 0)), 1);
});

const CELLS = { frames: 1, height: 1, width: 4 };
const word = (role: AlignedWord['role'], captionWord: number, rows: AlignedWord['rows'] = 'both'): AlignedWord => ({
  ...{ text: role, tokens: [150], captionWords: [captionWord], role, object: 0, rows },
});
/** Of clip c: the mover's words 0 and 1, its motion 2, the camera 3, which has no map. Two questions about each clip. */
const samples: ClipWords[] = Array.from({ length: 20 }, (_, s) => ({
  clip: Math.floor(s / 2),
  words: [word('mover', 0), word('motion', 2), word('camera', 3), word('motion', 2, 'predict')],
  mover: [0, 1],
}));
/** Sharper in later clips: the sum of a map says which clip and word it is of. */
const prior: PriorMaps = {
  map: (clip, i) => (i === 3 ? null : map(100 * clip + i + 1, 1, 1, 1).map((v, c) => (c === 0 ? v : v / (clip + 1)))),
  kept: (_, i) => i !== 2,
};
const clipOf = (found: Float32Array) => Math.floor(found[0]! / 100);
const maps = (settings: Partial<ConditionMaps>, seed = 0) =>
  conditionMaps(samples, prior, { ...PLAIN, scale: 'raw', ...settings }, CELLS, seed);

test('mover: every word takes the mean map of the words that name the mover, those without a map too', () => {
  const found = maps({ mover: true })[4]!;
  for (const w of [0, 1, 2]) near(found[w], [201.5, 1 / 3, 1 / 3, 1 / 3], `word ${w}`);
  assert.equal(found[3], null);
  const nobody = conditionMaps([{ ...samples[0]!, mover: [] }], prior, { ...PLAIN, scale: 'raw', mover: true }, CELLS);
  assert.deepEqual(nobody, [[null, null, null, null]]);
});

test('only: words of these roles', () => {
  const there = (settings: Partial<ConditionMaps>) => maps(settings)[0]!.map((found) => found !== null);
  assert.deepEqual(there({}), [true, true, false, false]);
  assert.deepEqual(there({ only: 'mover' }), [true, false, false, false]);
  assert.deepEqual(there({ only: 'mover+motion' }), [true, true, false, false]);
  assert.deepEqual(there({ only: 'camera', mover: true }), [false, false, true, false]);
  assert.deepEqual(there({ only: 'motion', words: 'kept' }), [false, false, false, false]);
});

test('wrong: whole clips, as many as asked, take maps of the same role from other clips', () => {
  const own = maps({});
  for (const seed of [0, 1, 2]) {
    const found = maps({ wrong: 0.3 }, seed);
    const wrong = new Set<number>();
    found.forEach((row, s) => {
      const { clip } = samples[s]!;
      if (clipOf(row[0]!) !== clip) wrong.add(clip);
    });
    assert.equal(wrong.size, 3);
    found.forEach((row, s) => {
      const { clip } = samples[s]!;
      if (!wrong.has(clip)) assert.deepEqual(row, own[s]);
      else
        for (const w of [0, 1]) {
          assert.notEqual(clipOf(row[w]!), clip, 'a map of its own clip');
          assert.equal(Math.round(row[w]![0]! - 100 * clipOf(row[w]!)), [1, 3][w], 'a map of another role');
        }
    });
  }
  const clips = [0, 1].map((seed) => maps({ wrong: 0.3 }, seed).map((row) => clipOf(row[0]!)));
  assert.notDeepEqual(clips[0], clips[1], 'the seed draws the clips');
  assert.deepEqual(maps({ wrong: 1 }), maps({ of: 'other' }));
});

test('gate: the most focused samples by their own maps, also in the control', () => {
  const aligned = (settings: Partial<ConditionMaps>) =>
    maps(settings).flatMap((row, s) => (row.some((found) => found !== null) ? [s] : []));
  assert.deepEqual(
    aligned({ gate: 0.25 }),
    [15, 16, 17, 18, 19].map((s) => (s === 15 ? 14 : s)),
  );
  assert.deepEqual(aligned({ gate: 0.25, of: 'other' }), aligned({ gate: 0.25 }));
  assert.deepEqual(aligned({ gate: 0.25, mix: 1 }), aligned({ gate: 0.25 }));
  // Of the samples that have aligned words at all.
  assert.deepEqual(aligned({ gate: 0.5, only: 'camera' }), []);
});

test('scale: the last step', () => {
  const row = maps({ scale: 2, mix: 0.5 })[2]![0]!;
  assert.ok(Math.abs(row.reduce((a, b) => a + b, 0) - 2) < 1e-6);
});
