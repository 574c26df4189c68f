import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { temporaryFolder } from '@motion-enhancer/support/testing';
import { readGenerationConfig } from './generation-config.js';
import { type GenerationOptions, tokenOptions } from './generation-options.js';

const dir = temporaryFolder();
const read = (content: unknown) => {
  writeFileSync(join(dir, 'generation_config.json'), typeof content === 'string' ? content : JSON.stringify(content));
  return readGenerationConfig(dir, 5);
};
const PLAIN = {
  eosIds: [5],
  doSample: false,
  temperature: 1,
  topP: 1,
  topK: 50,
  repetitionPenalty: 1,
  maxNewTokens: null,
  maxLength: null,
  stop: [],
};

test('every field is read; transformers’ defaults where the file is silent or absent', () => {
  assert.deepEqual(readGenerationConfig(temporaryFolder(), 5), PLAIN);
  assert.deepEqual(read({}), PLAIN);
  assert.deepEqual(read({ eos_token_id: 9, top_k: null, num_beams: 1, min_length: 0, suppress_tokens: [] }), {
    ...PLAIN,
    eosIds: [9],
  });
  const published = {
    bos_token_id: 151643,
    do_sample: true,
    eos_token_id: [151645, 151643],
    max_new_tokens: 77,
    max_length: 4096,
    stop_strings: ['###', 'User:'],
    repetition_penalty: 1.05,
    temperature: 0.1,
    top_p: 0.001,
    top_k: 1,
  };
  assert.deepEqual(read(published), {
    eosIds: [151645, 151643],
    doSample: true,
    temperature: 0.1,
    topP: 0.001,
    topK: 1,
    repetitionPenalty: 1.05,
    maxNewTokens: 77,
    maxLength: 4096,
    stop: ['###', 'User:'],
  });
  assert.deepEqual(read({ stop_strings: '###' }).stop, ['###']);
});

test('what cannot be honoured is reported, not passed over', () => {
  const refused = (content: unknown, message: RegExp) =>
    assert.throws(() => read(content), { name: 'UserError', code: 'ERR_CONFIG', message });
  refused('{', /generation_config\.json: expected JSON/);
  refused({ temperature: 'hot' }, /Expected number for temperature .* received "hot"/);
  refused({ temperature: -1 }, /temperature .* received -1/);
  refused({ top_p: 0 }, /top_p .* received 0/);
  refused({ top_k: -3 }, /top_k .* received -3/);
  refused({ repetition_penalty: 0 }, /repetition_penalty .* received 0/);
  refused({ eos_token_id: ['x'] }, /list of integers for eos_token_id/);
  refused({ stop_strings: [1] }, /list of strings for stop_strings/);
  refused({ num_beams: 4 }, /num_beams .* received 4: that is not supported/);
  refused({ no_repeat_ngram_size: 3 }, /no_repeat_ngram_size .* received 3/);
  refused({ min_p: 0.1 }, /min_p/);
});

test('options stand above the checkpoint’s; temperature 0 is greedy, unsaid it is the checkpoint’s', () => {
  const drawn = read({ do_sample: true, temperature: 0.7, top_p: 0.8, top_k: 20, repetition_penalty: 1.1 });
  const given = (o: GenerationOptions, config = drawn) => tokenOptions(o, config);
  const base = { maxNewTokens: 128, eosIds: [5], repetitionPenalty: 1.1 };
  assert.deepEqual(given({}), { ...base, temperature: 0.7, topP: 0.8, topK: 20, seed: 0 });
  assert.deepEqual(given({ temperature: 0, topP: 0.5, seed: 3 }), base);
  assert.deepEqual(given({ temperature: 2, topK: 0, seed: 3, maxNewTokens: 4 }), {
    ...base,
    maxNewTokens: 4,
    temperature: 2,
    topP: 0.8,
    topK: 0,
    seed: 3,
  });
  assert.deepEqual(given({}, read({ temperature: 0.7 })), { ...base, repetitionPenalty: 1 });
  assert.equal(given({ temperature: 1 }, read({})).topK, 50);
  assert.deepEqual(given({ repetitionPenalty: 1 }, read({ max_new_tokens: 9, repetition_penalty: 2 })), {
    ...base,
    maxNewTokens: 9,
    repetitionPenalty: 1,
  });
  const long = read({ max_length: 50 });
  assert.deepEqual(
    [tokenOptions({}, long, 30), tokenOptions({}, long, 60), tokenOptions({ maxNewTokens: 7 }, long, 30)].map(
      ({ maxNewTokens }) => maxNewTokens,
    ),
    [20, 1, 7],
  );
  assert.throws(() => given({ stop: ['a', ''] }), { code: 'ERR_VALUE', message: /texts for stop/ });
});
