import assert from 'node:assert/strict';
import { rand, zeros } from '@motion-enhancer/libtorch';
import { tensorTest } from '@motion-enhancer/libtorch/testing';
import type { HeadMaps } from '../capture/head-maps.js';
import { changeOfHeads } from './change.js';

const F = 4;
const grid = { frames: F, height: 2, width: 3, textTokens: 5 };
const words = [{ tokens: [1] }, { tokens: [2, 3] }];
const maps = (textToVideo_HTS: HeadMaps['textToVideo_HTS']): HeadMaps =>
  ({ grid, textToVideo_HTS }) as unknown as HeadMaps;

tensorTest('a map that rests does not change, one that goes on to another place each frame changes wholly', () => {
  const rows = zeros([3, 5, F * 6]);
  rows.select(0, 0).add_(0.25); // uniform
  for (let f = 0; f < F; f++) {
    rows
      .select(0, 1)
      .narrow(1, f * 6 + 2, 1)
      .add_(f + 1); // always at 2, brighter and brighter
    rows
      .select(0, 2)
      .narrow(1, f * 6 + f, 1)
      .add_(0.5); // at f
  }
  const [uniform, resting, moving] = changeOfHeads(maps(rows), words);
  assert.ok(Math.abs(uniform!) < 1e-12 && Math.abs(resting!) < 1e-12);
  assert.ok(Math.abs(moving! - 1) < 1e-12);
});

tensorTest('it is the total variation between frames, by hand, over more heads than a chunk', () => {
  const rows = rand([60, 5, F * 6]);
  const found = changeOfHeads(maps(rows), words);
  const values = rows.toArray();
  const at = (h: number, t: number, s: number) => values[(h * 5 + t) * F * 6 + s]!;
  for (const h of [0, 59]) {
    let sum = 0;
    for (const { tokens } of words) {
      const map = Array.from({ length: F * 6 }, (_, s) => tokens.reduce((m, t) => m + at(h, t, s), 0) / tokens.length);
      const frames = Array.from({ length: F }, (_, f) => {
        const cells = map.slice(f * 6, f * 6 + 6);
        const mass = cells.reduce((a, b) => a + b, 0);
        return cells.map((cell) => cell / mass);
      });
      for (let f = 1; f < F; f++)
        sum +=
          frames[f]!.reduce((v, cell, i) => v + Math.abs(cell - frames[f - 1]![i]!), 0) / 2 / (F - 1) / words.length;
    }
    assert.ok(Math.abs(found[h]! - sum) < 1e-6, `${found[h]} ${sum}`);
  }
  assert.deepEqual(changeOfHeads({ ...maps(rows), grid: { ...grid, frames: 1 } }, words), Array(60).fill(0));
});
