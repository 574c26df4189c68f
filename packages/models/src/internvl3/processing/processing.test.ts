import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { liveTensors, openSafetensors, randint, scope, type Tensor } from '@motion-enhancer/libtorch';
import { freshSeed, randomSource } from '@motion-enhancer/support/testing';
import { resizeAsPillow } from '../../qwen2-5-vl/processing/resize-as-pillow.js';
import { fixture } from '../testing.js';
import { chooseInternVL3Frames } from './choose-frames.js';
import { tileGrid, tileImage } from './tiles.js';

const RANDOM = randomSource(freshSeed());

const golden = JSON.parse(readFileSync(fixture('goldens/internvl_frames.json'), 'utf8'));

test('frame choice: golden frames of evaluation, of parts of a video, and of training', () => {
  const before = liveTensors();
  let checked = 0;
  for (const { total, fps, ...row } of golden.rows) {
    const check = (wanted: Record<string, number[]>, options: object) => {
      for (const [frames, indices] of Object.entries(wanted)) {
        if (!Array.isArray(indices) || !/^\d+$/.test(frames)) continue;
        const ours = chooseInternVL3Frames(total, fps, { frames: Number(frames), ...options });
        assert.deepEqual(ours, indices, `${total} frames at ${fps}, ${frames}`);
        checked++;
      }
    };
    check(row.internvl_get_index, {});
    check(row.internvl_train_middle, { rule: 'training' });
    check({ 8: row.vlmevalkit_nframe8 }, { rule: 'vlmevalkit' });
    if (row.internvl_get_index_bound)
      check(row.internvl_get_index_bound, { bound: row.internvl_get_index_bound.bound });
  }
  assert.ok(checked > 40, `${checked}`);
  assert.equal(liveTensors(), before);
});

test('frame choice: any video gives ascending frames within it; transformers wants enough of them', () => {
  for (let i = 0; i < 300; i++) {
    const total = 1 + RANDOM.below(400);
    const frames = 1 + RANDOM.below(40);
    for (const rule of ['segments', 'training', 'vlmevalkit', 'transformers'] as const) {
      if (rule === 'transformers' && frames > total) {
        assert.throws(() => chooseInternVL3Frames(total, 25, { frames, rule }), { code: 'ERR_MEDIA' });
        continue;
      }
      const chosen = chooseInternVL3Frames(total, 25, { frames, rule });
      assert.equal(chosen.length, frames);
      assert.ok(
        chosen.every((f, k) => Number.isInteger(f) && f >= (chosen[k - 1] ?? 0) && f < total),
        `${chosen}`,
      );
    }
  }
  assert.deepEqual(chooseInternVL3Frames(16, 8, { frames: 4, rule: 'transformers' }), [2, 6, 10, 14]);
  assert.equal(chooseInternVL3Frames(100, 8).length, 8);
  assert.throws(() => chooseInternVL3Frames(0, 25), { code: 'ERR_MEDIA', message: /at least 1 frame but received 0/ });
  assert.throws(() => chooseInternVL3Frames(9, 25, { frames: 0 }), { code: 'ERR_VALUE' });
  assert.throws(() => chooseInternVL3Frames(50, 25, { bound: [3, 4] }), { code: 'ERR_VALUE' });
  assert.throws(() => chooseInternVL3Frames(50, 25, { bound: [0, 1], rule: 'training' }), { code: 'ERR_VALUE' });
});

test('tiles: golden grids', () => {
  assert.ok(golden.aspect.length > 10);
  for (const { w, h, max_num: maxTiles, cols: columns, rows } of golden.aspect)
    assert.deepEqual(
      tileGrid(w, h, { minTiles: 1, maxTiles, tileSize: 448 }),
      { columns, rows },
      `${w}×${h}, ${maxTiles}`,
    );
  assert.throws(() => tileGrid(5, 5, { minTiles: 3, maxTiles: 2, tileSize: 448 }), { code: 'ERR_VALUE' });
});

test("resize: Pillow's, within 3 levels and 1 on average", () => {
  const before = liveTensors();
  const file = openSafetensors(fixture('internvl3/resize.safetensors'));
  scope(() => {
    const frames = file.read('frames');
    const names = [...file.tensors.keys()].filter((name) => name.startsWith('resized_'));
    assert.equal(names.length, 4);
    for (const name of names) {
      const [height, width] = name.slice('resized_'.length).split('x').map(Number) as [number, number];
      const off = resizeAsPillow(frames, height, width).to('float32').sub(file.read(name)).abs();
      assert.ok(off.max().item() <= 3 && off.mean().item() <= 1, `${name}: ${off.max().item()} ${off.mean().item()}`);
    }
    assert.equal(resizeAsPillow(frames, 47, 83), frames);
  });
  file.close();
  assert.equal(liveTensors(), before);
});

test('tiles of an image: row by row, the thumbnail last; a small one is one tile', () => {
  const before = liveTensors();
  scope(() => {
    const options = { minTiles: 1, maxTiles: 6, tileSize: 28, useThumbnail: true };
    const image = randint(0, 256, [3, 56, 84]).to('uint8'); // 2 rows of 3 tiles, no resize needed
    const tiles = tileImage(image, options);
    assert.deepEqual(tiles.shape, [7, 3, 28, 28]);
    const same = (a: Tensor, b: Tensor) => assert.equal(a.to('int64').sub(b).abs().max().item(), 0);
    same(tiles.select(0, 4), image.narrow(1, 28, 28).narrow(2, 28, 28));
    same(tiles.select(0, 2), image.narrow(1, 0, 28).narrow(2, 56, 28));
    same(tiles.select(0, 6), resizeAsPillow(image.unsqueeze(0), 28, 28).select(0, 0));
    assert.deepEqual(tileImage(image, { ...options, useThumbnail: false }).shape, [6, 3, 28, 28]);
    assert.deepEqual(tileImage(image, { ...options, maxTiles: 1 }).shape, [1, 3, 28, 28]);
    assert.throws(() => tileImage(image.to('float32'), options), { code: 'ERR_MEDIA' });
  });
  assert.equal(liveTensors(), before);
});
