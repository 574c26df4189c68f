import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after } from 'node:test';
import { leakFree } from '@motion-enhancer/libtorch/testing';
import { temporaryFolder } from '@motion-enhancer/support/testing';
import { resolve } from '../../config/field.js';
import { BROKEN_VIDEO, OTHER_VIDEO, VIDEO, writeTestVlm } from '../../train/testing.js';
import { loadVlm } from '../families/load.js';
import { VIDEO_FIELDS } from '../media/video-input.js';
import { type AskOptions, askAboutVideo } from './ask.js';

const dir = temporaryFolder();
const vlmDir = writeTestVlm(join(dir, 'vlm'));
const vlm = loadVlm(vlmDir, { device: 'cpu', dtype: 'float32' });
after(() => vlm.dispose());
const settings = resolve(VIDEO_FIELDS, { maxPixels: 3136 });
const options: AskOptions = { maxNewTokens: 16, temperature: 0 };
const ask = (given: Partial<AskOptions> = {}, video = VIDEO) =>
  askAboutVideo(vlm, video, 'What moves?', settings, { ...options, ...given });

leakFree('greedy answers are the same each time, and depend on the video', async () => {
  const answer = await ask();
  assert.ok(answer.length > 0);
  assert.equal(await ask(), answer);
  assert.notEqual(await ask({}, OTHER_VIDEO), answer);
});

leakFree('sampling follows its seed', async () => {
  const hot = { temperature: 3, topP: 0.95, topK: 0 };
  const answer = await ask({ ...hot, seed: 4 });
  assert.equal(await ask({ ...hot, seed: 4 }), answer);
  assert.notEqual(await ask({ ...hot, seed: 5 }), answer);
});

leakFree('the pieces of an answer are the answer', async () => {
  for (const seed of [1, 2, 3]) {
    const pieces: string[] = [];
    const answer = await ask({ temperature: 3, seed, maxNewTokens: 40, onText: (piece) => pieces.push(piece) });
    assert.equal(pieces.join(''), answer);
    assert.ok(pieces.length > 1 && pieces.every((piece) => piece !== ''));
  }
});

leakFree('what is no video is reported', async () => {
  await assert.rejects(ask({}, BROKEN_VIDEO), { name: 'UserError' });
});
