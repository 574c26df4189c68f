import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import {
  arange,
  liveTensors,
  manualSeed,
  openSafetensors,
  randint,
  scope,
  type Tensor,
} from '@motion-enhancer/libtorch';
import { freshSeed, randomSource } from '@motion-enhancer/support/testing';
import { ropeIndex } from '../rope-index.js';
import { fixture, realConfig } from '../testing.js';
import { visionLayout } from '../vision-layout.js';
import { windowIndex } from '../window-index.js';
import { chooseFrames } from './choose-frames.js';
import { normalizeFrames, normalizeInChunks, patchify } from './patchify.js';
import { pixelBudget } from './pixel-budget.js';
import { resizeFrames } from './resize-frames.js';
import { roundHalfEven } from './round.js';
import { smartResize } from './smart-resize.js';
import { videoPatches } from './visual-patches.js';

const RANDOM = randomSource(freshSeed());

const golden = JSON.parse(readFileSync(fixture('goldens/qwen25vl_processing.json'), 'utf8'));
const config = realConfig();

test('smart_resize: golden sizes, both flavours', () => {
  assert.ok(golden.smart_resize.length > 20);
  for (const g of golden.smart_resize)
    for (const [flavour, key] of [
      ['qwen-vl-utils', 'qwen_vl_utils'],
      ['transformers', 'transformers'],
    ] as const)
      assert.deepEqual(
        smartResize(g.h, g.w, { minPixels: g.min, maxPixels: g.max, flavour }),
        g[key],
        `${g.h}×${g.w} ${g.min}–${g.max} ${flavour}`,
      );
});

test('smart_resize: any size obeys the limits', () => {
  for (let i = 0; i < 500; i++) {
    const [h, w] = [1 + RANDOM.below(3000), 1 + RANDOM.below(3000)];
    if (Math.max(h / w, w / h) > 100) continue;
    const [a, b] = smartResize(h, w, { minPixels: 100352, maxPixels: 602112 });
    assert.ok(a % 28 === 0 && b % 28 === 0 && a > 0 && b > 0);
    assert.ok(a * b <= 602112, `${h}×${w} → ${a}×${b}`);
  }
  assert.throws(
    () => smartResize(10, 2010, { minPixels: 1, maxPixels: 1e6 }),
    /at most 200 times but received 2010×10/,
  );
});

test('smart_nframes: golden counts, indices, sample rates and budgets', () => {
  const before = liveTensors();
  for (const g of golden.smart_nframes) {
    const { fps, nframes, min_frames: minFrames, max_frames: maxFrames } = g.cfg;
    const options = JSON.parse(JSON.stringify({ fps, nframes, minFrames, maxFrames }));
    if (g.error) {
      assert.throws(() => chooseFrames(g.total, g.video_fps, options), {
        code: 'ERR_MEDIA',
        message: new RegExp(`between 2 and ${g.total} frames`),
      });
      continue;
    }
    const chosen = chooseFrames(g.total, g.video_fps, options);
    // The golden file leaves out the middle of a long list.
    const long = g.idx.includes('...');
    const shown = long ? [...chosen.indices.slice(0, 6), '...', ...chosen.indices.slice(-6)] : chosen.indices;
    assert.deepEqual(shown, g.idx, JSON.stringify(g.cfg));
    assert.equal(chosen.indices.length, g.nframes);
    assert.ok(Math.abs(chosen.sampleFps - g.sample_fps) < 1e-12);
    assert.equal(Math.trunc(pixelBudget(g.nframes).maxPixels), g.video_max_pixels_default);
  }
  assert.throws(() => chooseFrames(0, 30), /at least 2 frames but received 0/);
  assert.throws(() => chooseFrames(30, 30, { fps: 1, nframes: 4 }), { code: 'ERR_VALUE' });
  assert.equal(liveTensors(), before);
});

test('frames in even steps: those of the video processor of transformers', () => {
  const before = liveTensors();
  const { rows } = JSON.parse(readFileSync(fixture('qwen25vl/frames_transformers.json'), 'utf8'));
  assert.ok(rows.length > 50);
  for (const { total, video_fps, fps, num_frames: nframes, idx, error } of rows) {
    const options = JSON.parse(JSON.stringify({ fps, nframes, spread: 'steps' }));
    if (error) assert.throws(() => chooseFrames(total, video_fps, options), { code: 'ERR_MEDIA' });
    else
      assert.deepEqual(chooseFrames(total, video_fps, options).indices, idx, `${total} ${video_fps} ${fps} ${nframes}`);
  }
  assert.equal(liveTensors(), before);
});

test('pixel budget: a user can only lower it; 360·420 gives 280×504 for 720p', () => {
  assert.deepEqual(pixelBudget(10, { maxPixels: 151200 }), { minPixels: 100352, maxPixels: 151200 });
  assert.equal(pixelBudget(10, { maxPixels: 1e9 }).maxPixels, 602112);
  assert.equal(pixelBudget(768).maxPixels, (90316800 / 768) * 2);
  assert.equal(pixelBudget(10_000).maxPixels, Math.trunc(100352 * 1.05));
  assert.deepEqual(smartResize(720, 1280, pixelBudget(10, { maxPixels: 151200 })), [280, 504]);
});

test('mRoPE ids: golden values of transformers 4.57 and both readings of the seconds', () => {
  for (const g of golden.mrope) {
    const grids = g.name.startsWith('image') ? [[1, 4, 6] as const] : [[3, 2, 4] as const];
    const got = ropeIndex(g.input_ids, grids, g.second_per_grid_ts, config, { rounding: 'integer' });
    assert.deepEqual(got.positions, g.position_ids, g.name);
    assert.equal(got.delta, g.delta);
  }
  const { input_ids } = golden.mrope[0];
  const times = (seconds: number, rounding: 'float' | 'integer') =>
    [2, 4, 6].map((i) => ropeIndex(input_ids, [[3, 2, 4]], [seconds], config, { rounding }).positions[0][i]! - 2);
  assert.deepEqual(times(0.8, 'integer'), [0, 0, 0]);
  assert.deepEqual(times(0.8, 'float'), [0, 1, 3]);
  assert.deepEqual(times(1.5, 'integer'), [0, 2, 4]);
  assert.deepEqual(times(1.5, 'float'), [0, 3, 6]);
});

test('mRoPE ids: text resumes after the largest position, or after the extent', () => {
  const ids = [1, 151656, 151656, 2];
  const [t] = ropeIndex(ids, [[2, 2, 2]], [3], config).positions;
  assert.deepEqual(t, [0, 1, 7, 8]);
  const v5 = ropeIndex(ids, [[2, 2, 2]], [3], config, { resume: 'extent' });
  assert.deepEqual(v5.positions[0], [0, 1, 7, 2]);
  assert.equal(v5.delta, 4);
});

test('mRoPE ids: pads and grids that do not match are reported', () => {
  const video = (n: number) => [1, ...new Array(n).fill(151656), 2];
  assert.throws(() => ropeIndex(video(5), [[3, 2, 4]], null, config), {
    code: 'ERR_MEDIA',
    message: /Expected 6 pad tokens .* received 5/,
  });
  assert.throws(() => ropeIndex(video(6), [], null, config), { code: 'ERR_MEDIA' });
  assert.throws(() => ropeIndex([1, 2], [[3, 2, 4]], null, config), { code: 'ERR_MEDIA' });
  assert.throws(() => ropeIndex(video(7), [[3, 2, 4]], null, config), { code: 'ERR_MEDIA' });
});

test('windows: golden order and sizes; a layout is a permutation whose inverses hold', () => {
  for (const g of golden.window_index) {
    const { order, sizes } = windowIndex(g.thw, config.vision);
    assert.deepEqual(order, g.window_index);
    let at = 0;
    assert.deepEqual([0, ...sizes.map((n) => (at += n * 4))], g.cu_window_seqlens_unique);
  }
  const before = liveTensors();
  scope(() => {
    const grids = [
      [2, 18, 10],
      [1, 4, 4],
      [3, 16, 24],
    ] as const;
    const layout = visionLayout(grids, config.vision, 'cpu');
    const total = 360 + 16 + 1152;
    const order = layout.order.toArray();
    const inverse = layout.inverse.toArray();
    assert.deepEqual(
      order.toSorted((a, b) => a - b),
      Array.from({ length: total }, (_, i) => i),
    );
    assert.ok(order.every((old, i) => inverse[old] === i));
    for (const runs of [layout.windows, layout.frames])
      assert.equal(
        runs.reduce((n, r) => n + r.count * r.size, 0),
        total,
      );
    assert.ok(layout.windows.length <= 6, 'windows of one size are together');
  });
  assert.equal(liveTensors(), before);
});

test('patch order: golden rows', () => {
  const g = golden.patch_order;
  const before = liveTensors();
  scope(() => {
    const axis = (n: number, step: number, ...view: number[]) =>
      arange(0, n)
        .mul(step)
        .view(...view);
    const frames = axis(3, 1e6, 1, 3, 1, 1)
      .add(axis(g.T, 1e4, g.T, 1, 1, 1))
      .add(axis(g.H, 100, 1, 1, g.H, 1))
      .add(axis(g.W, 1, 1, 1, 1, g.W));
    const { patches, grid } = patchify(frames, config.vision);
    assert.deepEqual(grid, [2, 4, 4]);
    assert.deepEqual([...patches.shape], [g.rows, g.cols]);
    assert.deepEqual(patches.select(1, 0).toArray(), g.first_value_of_each_row);
    const first = patches.select(0, 0).toArray();
    for (const [column, value] of Object.entries(g.row0_probe)) assert.equal(first[Number(column)], value);
    const odd = patchify(frames.narrow(0, 0, 3), config.vision);
    assert.deepEqual(odd.grid, [2, 4, 4], 'an odd count repeats the last frame');
    const last = odd.patches.select(0, 16).view(3, 2, 14, 14);
    assert.equal(last.select(1, 0).sub(last.select(1, 1)).abs().max().item(), 0);
  });
  assert.equal(liveTensors(), before);
});

test('halves round to even', () => {
  assert.deepEqual([0.5, 1.5, 2.5, -0.5, 2.4, 2.6].map(roundHalfEven), [0, 2, 2, 0, 2, 3]);
});

test('resize: torchvision computed the fixture', () => {
  const before = liveTensors();
  const file = openSafetensors(fixture('qwen25vl/resize.safetensors'));
  scope(() => {
    const frames = file.read('frames');
    for (const name of file.tensors.keys()) {
      if (name === 'frames') continue;
      const expected = file.read(name);
      const difference = distance(resizeFrames(frames, expected.size(2), expected.size(3)), expected);
      assert.ok(difference.mean <= 0.02 && difference.max <= 1, `${name}: ${JSON.stringify(difference)}`);
    }
    assert.equal(resizeFrames(frames, frames.size(2), frames.size(3)), frames);
  });
  file.close();
  assert.equal(liveTensors(), before);
});

function distance(a: Tensor, b: Tensor): { mean: number; max: number } {
  const d = a.to('float32').sub(b.to('float32')).abs();
  return { mean: d.mean().item(), max: d.max().item() };
}

test('normalisation: (x / 255 − mean) / std', () => {
  const before = liveTensors();
  scope(() => {
    manualSeed(Date.now());
    const frames = randint(0, 256, [1, 3, 2, 2]).to('uint8');
    const got = normalizeFrames(frames).toArray();
    const mean = [0.48145466, 0.4578275, 0.40821073];
    const std = [0.26862954, 0.26130258, 0.27577711];
    for (const [i, x] of frames.toArray().entries()) {
      const channel = Math.floor(i / 4);
      assert.ok(Math.abs(got[i]! - (x / 255 - mean[channel]!) / std[channel]!) < 1e-5);
    }
  });
  assert.equal(liveTensors(), before);
});

test('long videos are cut in chunks: the patches of the whole', () => {
  const before = liveTensors();
  scope(() => {
    manualSeed(Date.now());
    const frames = randint(0, 256, [71, 3, 56, 28]).to('uint8');
    const { patches, grid } = videoPatches(frames, config, { minPixels: 784, maxPixels: 56 * 28 });
    const whole = patchify(normalizeFrames(frames), config.vision);
    assert.deepEqual([grid, patches.shape], [whole.grid, whole.patches.shape]);
    assert.equal(patches.sub(whole.patches).abs().max().item(), 0);
    const tiles = normalizeInChunks(frames, [0.5, 0.4, 0.3], [0.2, 0.3, 0.4]);
    assert.equal(
      tiles
        .sub(normalizeFrames(frames, [0.5, 0.4, 0.3], [0.2, 0.3, 0.4]))
        .abs()
        .max()
        .item(),
      0,
    );
  });
  assert.equal(liveTensors(), before);
});
