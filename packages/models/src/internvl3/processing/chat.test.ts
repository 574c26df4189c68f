import assert from 'node:assert/strict';
import { test } from 'node:test';
import { liveTensors, randint, scope, type Tensor } from '@motion-enhancer/libtorch';
import type { ChatMessage } from '../../qwen2-5-vl/processing/chat-template.js';
import { INTERNVL3_ADDED_TOKENS, loadQwen2Tokenizer, QWEN2_5_ADDED_TOKENS } from '../../tokenizers/index.js';
import { INTERNVL3_SYSTEM } from '../config.js';
import { fixture, realConfig } from '../testing.js';
import {
  IMAGENET_MEAN,
  IMAGENET_STD,
  type InternVL3PrepareOptions,
  prepareInternVL3Chat,
  prepareInternVL3VideoChat,
} from './prepare-chat.js';

const tokenizer = loadQwen2Tokenizer(fixture('tokenizers/qwen2'), { addedTokens: INTERNVL3_ADDED_TOKENS });
const config = realConfig();
const IMG = 151667;
const frames = (n: number, h = 30, w = 40): Tensor => randint(0, 256, [n, 3, h, w]).to('uint8');
/** A test that leaves no tensor behind. */
const cleanTest = (name: string, body: () => void) =>
  test(name, () => {
    const before = liveTensors();
    scope(body);
    assert.equal(liveTensors(), before);
  });
const small = { tileSize: 28 } satisfies InternVL3PrepareOptions;

cleanTest('a question about a video: text, ids, places, tiles', () => {
  const video = frames(3);
  const chat = prepareInternVL3VideoChat(tokenizer, config, { frames: video, prompt: 'What moves?' });
  assert.equal(
    chat.text,
    `<|im_start|>system\n${INTERNVL3_SYSTEM}<|im_end|>\n<|im_start|>user\n` +
      'Frame1: <img><IMG_CONTEXT></img>\nFrame2: <img><IMG_CONTEXT></img>\nFrame3: <img><IMG_CONTEXT></img>\n' +
      'What moves?<|im_end|>\n<|im_start|>assistant\n',
  );
  assert.deepEqual(chat.visualGrid, [3, 16, 16]);
  assert.equal(chat.visualPositions.length, 768);
  assert.ok(chat.visualPositions.every((place) => chat.ids[place] === IMG && chat.special[place]));
  assert.equal(chat.ids.filter((id) => id === IMG).length, 768);
  for (const [start, end] of chat.visualSpans) {
    assert.equal(end - start, 256);
    assert.deepEqual([chat.ids[start - 1], chat.ids[end]], [151665, 151666]);
  }
  assert.ok(chat.labels.every((label) => label === -100));
  assert.equal(tokenizer.decode(chat.ids.filter((id, i) => id !== IMG || chat.ids[i - 1] !== IMG)), chat.text);
  assert.deepEqual(chat.tiles.shape, [3, 3, 448, 448]);
  // A flat frame stays flat: its value is normalised with ImageNet's numbers.
  const flat = prepareInternVL3VideoChat(
    tokenizer,
    config,
    { frames: video.mul(0).add(51).to('uint8'), prompt: '?' },
    small,
  );
  for (const [c, mean] of IMAGENET_MEAN.entries()) {
    const wanted = (0.2 - mean) / IMAGENET_STD[c]!;
    assert.ok(Math.abs(flat.tiles.select(1, c).max().item() - wanted) < 1e-5);
    assert.ok(Math.abs(flat.tiles.select(1, c).min().item() - wanted) < 1e-5);
  }
});

cleanTest('system prompts and frame labels are chosen', () => {
  const text = (options: InternVL3PrepareOptions, given = config) =>
    prepareInternVL3VideoChat(tokenizer, given, { frames: frames(1), prompt: 'Q' }, { ...small, ...options }).text;
  assert.ok(text({ system: null }).startsWith('<|im_start|>user\nFrame1: <img>'));
  assert.ok(text({ system: 'Be brief.' }).startsWith('<|im_start|>system\nBe brief.<|im_end|>\n'));
  assert.ok(text({}, { ...config, system: null }).startsWith('<|im_start|>user\n'));
  assert.ok(text({ frameLabel: 'Frame-1' }).includes('user\nFrame-1: <img><IMG_CONTEXT></img>\nQ'));
});

cleanTest('learned: replies with their end mark, not the newline after it', () => {
  const turns = [
    { role: 'user', content: 'What happens?' },
    { role: 'assistant', content: 'A dog jumps.' },
    { role: 'user', content: 'And then?' },
    { role: 'assistant', content: 'It runs away.' },
  ] as const;
  const chat = prepareInternVL3VideoChat(tokenizer, config, { frames: frames(2), turns }, small);
  const learned = chat.labels.filter((label) => label !== -100);
  assert.equal(tokenizer.decode(learned), 'A dog jumps.<|im_end|>It runs away.<|im_end|>');
  assert.ok(chat.labels.every((label, i) => label === -100 || label === chat.ids[i]));
  assert.equal(chat.labels.at(-1), -100);
  assert.equal(chat.labels.at(-2), 151645);
  // The prompt is the same with and without its reply.
  const asked = prepareInternVL3VideoChat(tokenizer, config, { frames: frames(2), turns: turns.slice(0, 1) }, small);
  assert.deepEqual(chat.ids.slice(0, asked.ids.length), asked.ids);
});

cleanTest('several media: an image of tiles has one place, a video one a frame', () => {
  const messages: ChatMessage[] = [
    { role: 'user', content: [{ type: 'image' }, { type: 'video' }, { type: 'text', text: 'Compare.' }] },
    { role: 'assistant', content: 'Same.' },
    { role: 'user', content: [{ type: 'text', text: 'And ' }, { type: 'image' }] },
  ];
  const image = (h: number, w: number) => ({ type: 'image', image: frames(1, h, w).select(0, 0) }) as const;
  const media = [image(28, 84), { type: 'video', frames: frames(2) } as const, image(28, 28)];
  const chat = prepareInternVL3Chat(tokenizer, config, { messages, media }, { ...small, system: null });
  assert.equal(
    chat.text,
    '<|im_start|>user\n<img><IMG_CONTEXT></img>\nFrame1: <img><IMG_CONTEXT></img>\nFrame2: <img><IMG_CONTEXT></img>\n' +
      'Compare.<|im_end|>\n<|im_start|>assistant\nSame.<|im_end|>\n<|im_start|>user\nAnd <img><IMG_CONTEXT></img>\n' +
      '<|im_end|>\n<|im_start|>assistant\n',
  );
  const tiles = chat.visualSpans.map(([start, end]) => end - start);
  assert.deepEqual(tiles.slice(1), [1, 1, 1]);
  assert.ok(tiles[0]! > 3, 'three columns and a thumbnail at least');
  assert.equal(
    chat.tiles!.size(0),
    tiles.reduce((a, b) => a + b),
  );
  assert.equal(
    prepareInternVL3Chat(tokenizer, config, { messages: [{ role: 'user', content: 'Hi' }], media: [] }).tiles,
    null,
  );

  const refuse = (given: typeof media | [], content: ChatMessage['content'], message: RegExp) =>
    assert.throws(
      () => prepareInternVL3Chat(tokenizer, config, { messages: [{ role: 'user', content }], media: given }, small),
      { code: 'ERR_MEDIA', message },
    );
  refuse(media, [{ type: 'image' }], /\(image\) but received image, video, image/);
  refuse([], [{ type: 'video' }], /\(video\) but received none/);
  refuse([media[0]!], [{ type: 'video' }], /\(video\) but received image/);
  refuse([media[2]!], [{ type: 'image' }, { type: 'text', text: 'see <IMG_CONTEXT>' }], /no pad tokens into the text/);
});

cleanTest('bad input is reported: no frames, a full context, another tokenizer', () => {
  const ask = (video: Tensor, options: InternVL3PrepareOptions = small, given = config) =>
    prepareInternVL3VideoChat(tokenizer, given, { frames: video, prompt: 'Q' }, options);
  assert.throws(() => ask(frames(0)), { code: 'ERR_MEDIA', message: /has no frames/ });
  assert.throws(() => ask(frames(2).to('float32')), { code: 'ERR_MEDIA', message: /uint8 \[n, 3, h, w\]/ });
  const short = { ...config, text: { ...config.text, maxPositionEmbeddings: 900 } };
  assert.throws(() => ask(frames(4), {}, short), {
    code: 'ERR_CONTEXT',
    message:
      /1024 of them visual \(video 1: 4 frames of 256\).* at most 900 .*At this size 3 frames would fit.*fewer frames/,
  });
  const plain = loadQwen2Tokenizer(fixture('tokenizers/qwen2'), { addedTokens: QWEN2_5_ADDED_TOKENS });
  assert.throws(() => prepareInternVL3VideoChat(plain, config, { frames: frames(1), prompt: 'Q' }, small), {
    code: 'ERR_TOKENIZER',
    message: /image_token_id but received 151667/,
  });
  assert.throws(() => prepareInternVL3VideoChat(tokenizer, config, { frames: frames(1), turns: [] }, small), {
    code: 'ERR_VALUE',
  });
});
