import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { TimeSpan } from '../media/choose-frames.js';
import type { VideoSettings } from '../media/video-input.js';
import { testSettings } from '../testing.js';
import { framesByRule } from './frame-rules.js';

const QWEN = { frames: 'rate', framesPerToken: 2 } as const;
const INTERN = { frames: 'count', framesPerToken: 1 } as const;
const choose = (
  family: typeof QWEN | typeof INTERN,
  count: number,
  fps: number,
  given: Partial<VideoSettings> = {},
  span: TimeSpan = {},
) => framesByRule(family, { count, fps }, testSettings(given), span);

test('Qwen2.5-VL: by rate or by number, pairs of frames, the rate that comes of it', () => {
  const one = choose(QWEN, 300, 30);
  assert.deepEqual([one.indices.length, one.indices[0], one.indices.at(-1), one.sampleFps], [10, 0, 299, 1]);
  assert.deepEqual(choose(QWEN, 300, 30, { frames: 4 }).indices, [0, 100, 199, 299]);
  assert.equal(choose(QWEN, 300, 30, { fps: 100 }).indices.length, 300);
  assert.equal(choose(QWEN, 300, 30, { fps: 100, maxFrames: 33 }).indices.length, 32);
  assert.equal(choose(QWEN, 7, 30, { frames: 100 }).indices.length, 6);
  assert.equal(choose(QWEN, 3, 30).indices.length, 2);
  assert.throws(() => choose(QWEN, 1, 30), { code: 'ERR_MEDIA', message: /at least 2 frames but received 1/ });
  assert.throws(() => choose(QWEN, 0, 30, { frames: 4 }), { code: 'ERR_MEDIA' });
});

test('parts of a video: only frames within them', () => {
  const part = choose(QWEN, 300, 30, {}, { start: 2.01, end: 6.5 });
  assert.ok(part.indices[0] === 61 && part.indices.at(-1) === 195);
  assert.deepEqual(choose(QWEN, 300, 30, { frames: 2 }, { start: 9 }).indices, [270, 299]);
  const middle = choose(INTERN, 300, 30, { frames: 3 }, { start: 5, end: 8 });
  assert.ok(
    middle.indices.every((i) => i >= 150 && i <= 240),
    `${middle.indices}`,
  );
  assert.throws(() => choose(QWEN, 300, 30, {}, { start: 11 }), {
    code: 'ERR_VALUE',
    message: /received 11 and its end/,
  });
  assert.throws(() => choose(INTERN, 300, 30, {}, { start: 8, end: 5 }), { code: 'ERR_VALUE' });
});

test('InternVL3: eight middles of segments unless said; short videos repeat frames', () => {
  const eight = choose(INTERN, 80, 10);
  assert.deepEqual([eight.indices.length, eight.sampleFps], [8, 1]);
  assert.equal(choose(INTERN, 3, 10, { frames: 6 }).indices.length, 6);
  assert.throws(() => choose(INTERN, 3, 10, { frameRule: 'transformers' }), { code: 'ERR_MEDIA' });
  assert.throws(() => choose(INTERN, 0, 10), { code: 'ERR_MEDIA' });
});

test('InternVL3 by rate: so many equal segments, within the least and most frames', () => {
  const rule = { frameRule: 'segments-fps' } as const;
  const ten = choose(INTERN, 300, 30, rule);
  assert.deepEqual(ten.indices, choose(INTERN, 300, 30, { frames: 10 }).indices);
  assert.equal(ten.sampleFps, 1);
  assert.equal(choose(INTERN, 300, 30, { ...rule, fps: 2 }).indices.length, 20);
  assert.equal(choose(INTERN, 300, 30, { ...rule, maxFrames: 6 }).indices.length, 6);
  assert.equal(choose(INTERN, 30, 30, rule).indices.length, 4, 'the least number');
  assert.equal(choose(INTERN, 300, 30, { ...rule, frames: 3 }).indices.length, 3, 'a number given stands above it');
  assert.equal(choose(INTERN, 300, 30, rule, { start: 2, end: 7 }).indices.length, 5);
});

test('rules of one family serve the other', () => {
  assert.equal(choose(INTERN, 300, 30, { frameRule: 'qwen-vl-utils', frames: 5 }).indices.length, 5);
  assert.equal(choose(QWEN, 300, 30, { frameRule: 'segments' }).indices.length, 8);
  assert.deepEqual(choose(QWEN, 300, 30, { frameRule: 'transformers', frames: 4 }).indices, [0, 75, 150, 225]);
  assert.deepEqual(choose(INTERN, 300, 30, { frameRule: 'transformers', frames: 4 }).indices, [37, 112, 187, 262]);
  assert.deepEqual(choose(QWEN, 100, 25, { frameRule: 'vlmevalkit' }), { indices: [0, 25, 50, 75], sampleFps: 1 });
  assert.equal(choose(QWEN, 100, 25, { frameRule: 'vlmevalkit', frames: 8 }).indices.length, 8);
  assert.throws(() => choose(QWEN, 20, 25, { frameRule: 'vlmevalkit' }), {
    code: 'ERR_MEDIA',
    message: /at least 1\.00 s .* received 0\.80 s\. Raise fps/,
  });
});
