import assert from 'node:assert/strict';
import { test } from 'node:test';
import { liveTensors, randint, scope, type Tensor, zeros } from '@motion-enhancer/libtorch';
import { loadQwen2Tokenizer, tokensOfSpan } from '../../tokenizers/index.js';
import type { Qwen25VLConfig } from '../config.js';
import type { Grid } from '../grid.js';
import { fixture, realConfig } from '../testing.js';
import { chatSegments } from './chat-template.js';
import { prepareVideoChat, type VideoChatInput } from './prepare-video-chat.js';
import { tokenizeChat } from './tokenize-chat.js';

const tokenizer = loadQwen2Tokenizer(fixture('tokenizers/qwen2'));
const config = realConfig();
const PADS = { imagePad: '<|image_pad|>', videoPad: '<|video_pad|>' };
const textOf = (...args: Parameters<typeof chatSegments>) =>
  chatSegments(...args)
    .map((s) => s.text)
    .join('');
const frames = (n = 4, h = 60, w = 80): Tensor => randint(0, 256, [n, 3, h, w]).to('uint8');
const chat = (input: Partial<VideoChatInput>, limits: Partial<Qwen25VLConfig['text']> = {}) =>
  prepareVideoChat(
    tokenizer,
    { ...config, text: { ...config.text, ...limits } },
    { video: { frames: frames(), sampleFps: 1 }, prompt: 'What moves?', ...input },
    { minPixels: 28 * 28, maxPixels: 84 * 84 },
  );

test('template: default system, video before the text, opening of the reply', () => {
  const content = [{ type: 'video' }, { type: 'text', text: 'Describe.' }] as const;
  assert.equal(
    textOf([{ role: 'user', content }], PADS),
    '<|im_start|>system\nYou are a helpful assistant.<|im_end|>\n<|im_start|>user\n' +
      '<|vision_start|><|video_pad|><|vision_end|>Describe.<|im_end|>\n<|im_start|>assistant\n',
  );
  assert.ok(
    textOf([{ role: 'user', content }], { ...PADS, addVisionId: true }).includes('user\nVideo 1: <|vision_start|>'),
  );
  assert.ok(textOf([{ role: 'user', content }], { ...PADS, system: null }).startsWith('<|im_start|>user'));
  assert.ok(
    textOf([{ role: 'user', content }], { ...PADS, system: 'Be terse.' }).startsWith(
      '<|im_start|>system\nBe terse.<|im_end|>\n',
    ),
  );
  const own = textOf(
    [
      { role: 'system', content: 'S' },
      { role: 'user', content: 'U' },
    ],
    PADS,
  );
  assert.equal(own, '<|im_start|>system\nS<|im_end|>\n<|im_start|>user\nU<|im_end|>\n<|im_start|>assistant\n');
});

test('several turns and media: only replies are learned, every medium has its span', () => {
  const grids: Grid[] = [
    [1, 4, 4],
    [2, 2, 4],
  ];
  const got = tokenizeChat(
    tokenizer,
    config,
    [
      { role: 'user', content: [{ type: 'image' }, { type: 'video' }, { type: 'text', text: 'First?' }] },
      { role: 'assistant', content: 'One.' },
      { role: 'user', content: 'And then?' },
      { role: 'assistant', content: 'Two.' },
    ],
    grids,
  );
  assert.deepEqual(
    got.visualSpans.map(([a, b]) => b - a),
    [4, 4],
  );
  assert.ok(got.visualSpans.every(([a], i) => got.ids[a] === [151655, 151656][i]));
  const learned = got.labels.filter((label) => label !== -100);
  assert.equal(tokenizer.decode(learned), 'One.<|im_end|>\nTwo.<|im_end|>\n');
  assert.ok(got.labels.every((label, i) => label === -100 || label === got.ids[i]));
});

test('a prepared sample: labels, spans, positions, patches fit together', () => {
  const before = liveTensors();
  scope(() => {
    const sample = chat({ answer: 'A red ball rolls.' });
    const [start, end] = sample.visualSpan;
    const [T, H, W] = sample.visualGrid;
    assert.equal(end - start, T * H * W);
    assert.deepEqual(sample.ids.slice(start, end), new Array(end - start).fill(151656));
    assert.notEqual(sample.ids[start - 1], 151656);
    assert.notEqual(sample.ids[end], 151656);
    assert.deepEqual([...sample.patches.shape], [sample.grid[0] * sample.grid[1] * sample.grid[2], 1176]);
    assert.deepEqual([...sample.positions.shape], [3, 1, sample.ids.length]);
    assert.equal(sample.secondPerGrid, 2);
    assert.equal(tokenizer.decode(sample.labels.filter((l) => l >= 0)), 'A red ball rolls.<|im_end|>\n');
    for (const list of [sample.labels, sample.tokenSpans, sample.special]) assert.equal(list.length, sample.ids.length);
    for (const word of ['moves', 'ball']) {
      const at = sample.text.indexOf(word);
      const tokens = tokensOfSpan({ spans: sample.tokenSpans, special: sample.special }, at, at + word.length);
      assert.equal(tokenizer.decode(tokens.map((i) => sample.ids[i]!)).trim(), word);
    }
    const asked = chat({});
    assert.deepEqual(asked.ids, sample.ids.slice(0, asked.ids.length), 'the prompt is a prefix of the sample');
    assert.ok(asked.labels.every((l) => l === -100));
    // Frame pairs are 2 s apart and a second is 2 positions.
    const times = new Set(sample.rope.positions[0].slice(start, end));
    assert.deepEqual(
      [...times],
      Array.from({ length: T }, (_, k) => start + 4 * k),
    );
  });
  assert.equal(liveTensors(), before);
});

test('bad input is reported', () => {
  const before = liveTensors();
  scope(() => {
    const throwsWith = (body: () => unknown, code: string, message: RegExp) => assert.throws(body, { code, message });
    const video = (f: Tensor, sampleFps = 1) => ({ video: { frames: f, sampleFps } });
    throwsWith(() => chat(video(zeros([0, 3, 8, 8], { dtype: 'uint8' }))), 'ERR_MEDIA', /The video has no frames/);
    throwsWith(
      () => chat(video(zeros([2, 3, 8, 8]))),
      'ERR_MEDIA',
      /uint8 \[n, 3, h, w\] but received float32 \[2, 3, 8, 8\]/,
    );
    throwsWith(() => chat(video(frames(2, 4, 2000))), 'ERR_MEDIA', /at most 200 times/);
    throwsWith(() => chat(video(frames(), 0)), 'ERR_VALUE', /sampleFps but received 0/);
    throwsWith(() => chat({ prompt: 'a <|video_pad|> b' }), 'ERR_MEDIA', /Expected 1 images and videos .* received 2/);
    throwsWith(
      () => chat({}, { maxPositionEmbeddings: 20 }),
      'ERR_CONTEXT',
      /at most 20 .* Lower fps, frames or maxFrames .* maxPixels/,
    );
    throwsWith(() => chat({}, { vocabSize: 1000 }), 'ERR_TOKENIZER', /ids below 1000/);
    throwsWith(
      () => prepareVideoChat(tokenizer, { ...config, videoTokenId: 301 }, { ...video(frames()), prompt: 'x' }),
      'ERR_TOKENIZER',
      /video_token_id but received 301/,
    );
  });
  assert.equal(liveTensors(), before);
});
