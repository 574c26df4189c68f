import assert from 'node:assert/strict';
import { test } from 'node:test';
import { UserError } from '@motion-enhancer/support';
import { chooseClipFrames, locations, pixelFramesOf, videoTokens } from './grid.js';

const ANY = { perLatent: 4, latentMultiple: 1 };
const EVEN = { perLatent: 4, latentMultiple: 2 };

test('tokens of a grid', () => {
  const grid = { frames: 3, height: 4, width: 5, textTokens: 7 };
  assert.deepEqual([locations(grid), videoTokens(grid)], [20, 60]);
});

test('pixel frames behind a token frame', () => {
  // 13 latents (49 frames) and a copy in front: 7 pairs. Token frame 0 is pixel frame 0, then 8 frames each.
  assert.deepEqual(pixelFramesOf(7, 2, 1), [
    [0, 0],
    [1, 8],
    [9, 16],
    [17, 24],
    [25, 32],
    [33, 40],
    [41, 48],
  ]);
  // 14 latents (53 frames), no copy.
  assert.deepEqual(pixelFramesOf(7, 2, 0), [
    [0, 4],
    [5, 12],
    [13, 20],
    [21, 28],
    [29, 36],
    [37, 44],
    [45, 52],
  ]);
  // CogVideoX 1.0: a latent a token frame.
  assert.deepEqual(pixelFramesOf(4, 1, 0), [
    [0, 0],
    [1, 4],
    [5, 8],
    [9, 12],
  ]);
  assert.deepEqual(pixelFramesOf(1, 2, 1), [[0, 0]]);
});

test('token frames cover the frames of a clip, each once', () => {
  for (const patchT of [1, 2, 4])
    for (let latents = 1; latents <= 21; latents++) {
      const padded = (patchT - (latents % patchT)) % patchT;
      const spans = pixelFramesOf((latents + padded) / patchT, patchT, padded);
      const covered = spans.flatMap(([first, last]) => Array.from({ length: last - first + 1 }, (_, i) => first + i));
      assert.deepEqual(
        covered,
        Array.from({ length: 4 * (latents - 1) + 1 }, (_, i) => i),
        `${latents} latents by ${patchT}`,
      );
    }
});

test('the frames that are taken: 4k + 1, evenly spaced from the first, within the video and the limit', () => {
  for (let count = 1; count <= 200; count++)
    for (const most of [1, 5, 16, 49, 81]) {
      const chosen = chooseClipFrames(count, most, ANY);
      const what = `${count} frames, most ${most}`;
      assert.equal(chosen.length % 4, 1, what);
      assert.equal(chosen[0], 0, what);
      assert.ok(chosen.length <= most && chosen.at(-1)! < count, what);
      const stride = Math.max(1, Math.floor(count / most));
      assert.deepEqual(
        chosen,
        chosen.map((_, i) => i * stride),
        what,
      );
      // No 4 more would have fitted.
      assert.ok(chosen.length + 4 > most || (chosen.length + 3) * stride >= count, what);
    }
});

test('an even number of latents, where asked for', () => {
  assert.equal(chooseClipFrames(49, 49, EVEN).length, 45);
  assert.equal(chooseClipFrames(53, 53, EVEN).length, 53);
  assert.deepEqual(chooseClipFrames(3, 49, EVEN), [0], 'a single latent stays');
  for (let count = 5; count <= 120; count++) {
    const latents = (chooseClipFrames(count, 49, EVEN).length - 1) / 4 + 1;
    assert.equal(latents % 2, 0, `${count}`);
  }
});

test('a video without frames', () => {
  assert.throws(
    () => chooseClipFrames(0, 49, ANY),
    (error) => error instanceof UserError && /at least one frame/.test(error.message),
  );
});
