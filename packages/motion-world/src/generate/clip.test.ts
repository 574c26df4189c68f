import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { test } from 'node:test';
import { UserError } from '@motion-enhancer/support';
import { fixture } from '@motion-enhancer/support/testing';
import { describeClip, makeClip } from './clip.js';
import { allowedPairs, type Split } from './vocabulary.js';
import { VOCABULARY } from './words.js';

const sha256 = (bytes: Uint8Array | string): string => createHash('sha256').update(bytes).digest('hex').slice(0, 16);

const GOLDEN = fixture('world/clips.json');

test('clips, captions and questions are the same bits as ever (to accept changes: UPDATE_GOLDEN=1)', () => {
  const all = (['train', 'validation', 'test', 'pretrain'] as const).map((split) => {
    const clip = makeClip(split, 3);
    return [split, sha256(clip.frames), sha256(clip.masks), clip.caption, clip.questions.map((q) => q.text)];
  });
  if (process.env.UPDATE_GOLDEN) writeFileSync(GOLDEN, `${JSON.stringify(all, null, 2)}\n`);
  assert.deepEqual(all, JSON.parse(readFileSync(GOLDEN, 'utf8')));
});

test('a clip depends on its split, index and form alone, not on what was made before', () => {
  const first = makeClip('train', 41);
  makeClip('test', 5);
  assert.deepEqual(makeClip('train', 41), first);
  assert.notDeepEqual(makeClip('train', 42).frames, first.frames);
  assert.notDeepEqual(makeClip('validation', 41).frames, first.frames);
  const { frames: _, masks: __, count, size, ...text } = first;
  assert.deepEqual(describeClip('train', 41), text);
  assert.deepEqual([count, size, first.frames.length, first.masks.length], [16, 64, 16 * 64 * 64 * 3, 16 * 64 * 64]);
});

test('more frames and pixels show the same scene', () => {
  const small = makeClip('train', 8);
  const fine = makeClip('train', 8, { frames: 31 });
  const per = 64 * 64 * 3;
  for (const t of [0, 7, 15])
    assert.deepEqual(
      fine.frames.subarray(2 * t * per, (2 * t + 1) * per),
      small.frames.subarray(t * per, (t + 1) * per),
    );
  const large = makeClip('train', 8, { size: 128 });
  let near = 0;
  for (let i = 0; i < small.masks.length; i++) {
    const [t, y, x] = [Math.floor(i / 4096), Math.floor(i / 64) % 64, i % 64];
    if (large.masks[(t * 128 + 2 * y) * 128 + 2 * x] === small.masks[i]) near++;
  }
  assert.ok(near > 0.97 * small.masks.length, `${near}`);
});

test('no pair of colour and shape is in two of train, validation and test; every object of a split is of its pairs', () => {
  const splits = ['train', 'validation', 'test'] as const satisfies Split[];
  const keys = splits.map((split) => new Set(allowedPairs(split).map(({ colour, shape }) => `${colour} ${shape}`)));
  assert.deepEqual(
    keys.map((set) => set.size),
    [40, 8, 16],
  );
  assert.equal(new Set(keys.flatMap((set) => [...set])).size, 64);
  splits.forEach((split, i) => {
    for (let index = 0; index < 300; index++) {
      for (const { colour, shape } of describeClip(split, index).scene.objects)
        assert.ok(keys[i]!.has(`${colour} ${shape}`));
    }
  });
});

test('a clip is caption words in their places, four different options with the right one among them, words all known', () => {
  const known = new Set(VOCABULARY);
  const seen = new Set<string>();
  const read = (text: string) => {
    for (const word of text.toLowerCase().match(/[a-z]+/g) ?? []) {
      assert.ok(known.has(word), word);
      seen.add(word);
    }
  };
  for (const [split, form] of [
    ['train', 'world'],
    ['pretrain', 'single'],
    ['pretrain', 'static'],
  ] as const) {
    for (let index = 0; index < 1200; index++) {
      const { caption, captionWords, questions, scene } = describeClip(split, index, { form });
      assert.equal(captionWords.map(({ text }) => text).join(''), caption.replace(/[ .,]/g, ''));
      for (const { text, start, end, object, role } of captionWords) {
        assert.equal(caption.slice(start, end), text);
        assert.equal(role === 'mover', object !== undefined && object === scene.mover);
      }
      read(caption);
      for (const { options, answer, text, statement } of questions) {
        assert.equal(new Set(options).size, 4);
        assert.ok(answer >= 0 && answer < 4);
        for (const line of text.split('\n')) read(line.replace(/^[ABCD]\. /, ''));
        read(statement);
      }
    }
  }
  assert.deepEqual([...seen].sort(), [...known].sort());
});

test('an index that is none is refused', () => {
  for (const index of [-1, 0.5, 2 ** 26, Number.NaN])
    assert.throws(
      () => makeClip('train', index),
      (error) => error instanceof UserError && /index/.test(error.message),
    );
});
