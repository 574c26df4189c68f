import assert from 'node:assert/strict';
import { cpSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after } from 'node:test';
import { resolve } from '../config/field.js';
import { temporaryFolder } from '../testing/temporary-folder.js';
import { tensorTestAsync } from '../testing/tensor-test.js';
import { BROKEN_VIDEO, OTHER_VIDEO, VIDEO, writeTestVlm } from '../train/testing.js';
import { type AskOptions, askAboutVideo } from './ask.js';
import { loadVlm } from './load.js';
import { VIDEO_FIELDS } from './video-input.js';

const dir = temporaryFolder();
const vlmDir = writeTestVlm(join(dir, 'vlm'));
const vlm = loadVlm(vlmDir, { device: 'cpu', dtype: 'float32' });
after(() => vlm.dispose());
const settings = resolve(VIDEO_FIELDS, { maxPixels: 3136 });
const options: AskOptions = { maxNewTokens: 16, temperature: 0, topP: 1, repetitionPenalty: 0, seed: 0 };
const ask = (given: Partial<AskOptions> = {}, video = VIDEO) =>
  askAboutVideo(vlm, video, 'What moves?', settings, { ...options, ...given });

tensorTestAsync('greedy answers are the same each time, and depend on the video', async () => {
  const answer = await ask();
  assert.ok(answer.length > 0);
  assert.equal(await ask(), answer);
  assert.notEqual(await ask({}, OTHER_VIDEO), answer);
});

tensorTestAsync('sampling follows its seed', async () => {
  const hot = { temperature: 3, topP: 0.95 };
  const answer = await ask({ ...hot, seed: 4 });
  assert.equal(await ask({ ...hot, seed: 4 }), answer);
  assert.notEqual(await ask({ ...hot, seed: 5 }), answer);
});

tensorTestAsync('the pieces of an answer are the answer', async () => {
  for (const seed of [1, 2, 3]) {
    const pieces: string[] = [];
    const answer = await ask({ temperature: 3, seed, maxNewTokens: 40, onText: (piece) => pieces.push(piece) });
    assert.equal(pieces.join(''), answer);
    assert.ok(pieces.length > 1 && pieces.every((piece) => piece !== ''));
  }
});

tensorTestAsync('what is no video is told', async () => {
  await assert.rejects(ask({}, BROKEN_VIDEO), { name: 'UserError' });
});

tensorTestAsync('generation defaults: a list, one number, none', async () => {
  const copy = join(dir, 'copy');
  cpSync(vlmDir, copy, { recursive: true });
  const file = join(copy, 'generation_config.json');
  const defaults = (content: unknown) => {
    if (content === undefined) rmSync(file);
    else writeFileSync(file, typeof content === 'string' ? content : JSON.stringify(content));
    const loaded = loadVlm(copy, { device: 'cpu', dtype: 'float32' });
    loaded.dispose();
    return loaded.generation;
  };
  assert.deepEqual(vlm.generation, { eosIds: [151645, 151643], repetitionPenalty: 1.05 });
  assert.deepEqual(defaults({ eos_token_id: [7, 8], repetition_penalty: 1.3 }), {
    eosIds: [7, 8],
    repetitionPenalty: 1.3,
  });
  assert.deepEqual(defaults({ eos_token_id: 9 }), { eosIds: [9], repetitionPenalty: 1 });
  const own = vlm.tokenizer.eosId;
  assert.deepEqual(defaults({}), { eosIds: [own], repetitionPenalty: 1 });
  assert.throws(() => defaults('{'), { name: 'UserError', message: /generation_config\.json/ });
  assert.deepEqual(defaults(undefined), { eosIds: [own], repetitionPenalty: 1 });
  rmSync(join(copy, 'RANDOM_WEIGHTS'));
  const plain = loadVlm(copy, { device: 'cpu', dtype: 'float32' });
  assert.equal(plain.weights, 'trained');
  plain.dispose();
  rmSync(join(copy, 'vocab.json'));
  assert.throws(() => loadVlm(copy, { device: 'cpu', dtype: 'float32' }), { name: 'UserError' });
});
