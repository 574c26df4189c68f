import assert from 'node:assert/strict';
import { test } from 'node:test';
import { liveTensors, randint, scope } from '@motion-enhancer/libtorch';
import { loadQwen2Tokenizer } from '../../tokenizers/index.js';
import { fixture, realConfig } from '../testing.js';
import { prepareVideoChat, type VideoChatInput } from './prepare-video-chat.js';

const tokenizer = loadQwen2Tokenizer(fixture('tokenizers/qwen2'));
const chat = (input: Omit<VideoChatInput, 'video'>) =>
  scope(() => {
    const video = { frames: randint(0, 256, [4, 3, 56, 56]).to('uint8'), sampleFps: 1 };
    const { patches, positions, ...rest } = prepareVideoChat(tokenizer, realConfig(), { video, ...input });
    return rest;
  });
const learned = (labels: readonly number[]) => tokenizer.decode(labels.filter((label) => label !== -100));

test('turns: every answer is learned, the video stands before the first question', () => {
  const before = liveTensors();
  const got = chat({
    turns: [
      { role: 'system', content: 'Be brief.' },
      { role: 'user', content: 'What jumps?' },
      { role: 'assistant', content: 'A dog.' },
      { role: 'user', content: 'How high?' },
      { role: 'assistant', content: 'Very.' },
    ],
  });
  assert.equal(learned(got.labels), 'A dog.<|im_end|>\nVery.<|im_end|>\n');
  assert.ok(got.text.includes('user\n<|vision_start|><|video_pad|><|vision_end|>What jumps?'));
  assert.ok(got.text.startsWith('<|im_start|>system\nBe brief.<|im_end|>\n<|im_start|>user\n'));
  assert.equal(got.text.split('<|video_pad|>').length, 2);
  const [start, end] = got.visualSpan;
  assert.equal(
    got.ids.slice(start, end).every((id) => id === 151656),
    true,
  );
  assert.equal(liveTensors(), before);
});

test('one question and its answer as turns are the same as prompt and answer', () => {
  const [prompt, answer] = ['What jumps?', 'A dog.'];
  const turns = [
    { role: 'user', content: prompt },
    { role: 'assistant', content: answer },
  ] as const;
  const { rope, ...one } = chat({ prompt, answer });
  const { rope: other, ...two } = chat({ turns });
  assert.deepEqual(two, one);
  assert.deepEqual(other, rope);
});

test('a chat without a question is reported', () => {
  const before = liveTensors();
  const error = { name: 'UserError', code: 'ERR_VALUE', message: /a user's turn.* received assistant/ };
  assert.throws(() => chat({ turns: [{ role: 'assistant', content: 'A dog.' }] }), error);
  assert.throws(() => chat({ answer: 'A dog.' }), error);
  assert.equal(liveTensors(), before);
});
