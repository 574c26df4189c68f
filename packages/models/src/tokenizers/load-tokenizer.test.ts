import assert from 'node:assert/strict';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { gunzipSync } from 'node:zlib';
import { freshSeed, randomSource } from '@motion-enhancer/support/testing';
import { loadTokenizer } from './load-tokenizer.js';
import { fixture } from './test-fixtures.js';

const RANDOM = randomSource(freshSeed());

const scratch = mkdtempSync(join(tmpdir(), 'tokenizers-'));
after(() => rmSync(scratch, { recursive: true }));
let folders = 0;

function folder(files: Record<string, string | Uint8Array>): string {
  const dir = join(scratch, String(folders++));
  mkdirSync(dir);
  for (const [name, content] of Object.entries(files)) writeFileSync(join(dir, name), content);
  return dir;
}

const refused = (dir: string, message: RegExp) =>
  assert.throws(() => loadTokenizer(dir), { name: 'UserError', code: 'ERR_TOKENIZER', message });

const spiece = readFileSync(fixture('tokenizers/cogvideox-t5/spiece.model'));
const vocab = readFileSync(fixture('tokenizers/qwen2/vocab.json'), 'utf8');
const merges = readFileSync(fixture('tokenizers/qwen2/merges.txt'), 'utf8');

test('chooses by the files present', () => {
  assert.equal(loadTokenizer(fixture('tokenizers/cogvideox-t5')).kind, 't5');
  assert.equal(loadTokenizer(fixture('tokenizers/qwen2')).kind, 'qwen2');
  const json = gunzipSync(readFileSync(fixture('tokenizers/t5-v1_1-xxl/tokenizer.json.gz')));
  const t5 = loadTokenizer(folder({ 'tokenizer.json': json }));
  assert.deepEqual(t5.encode('a panda').ids, [3, 9, 2131, 26, 9, 1]);
});

test('spiece.model alone has the sentinels', () => {
  const tokenizer = loadTokenizer(folder({ 'spiece.model': spiece }));
  assert.equal(tokenizer.vocabSize, 32100);
  assert.deepEqual(tokenizer.encode('<extra_id_0>').ids, [32099, 1]);
});

test('added_tokens.json and tokenizer_config.json of InternVL3 are read', () => {
  const dir = folder({
    'added_tokens.json': JSON.stringify({
      '<img>': 151665,
      '<|im_end|>': 151645,
      '<|endoftext|>': 151643,
      '<tool_call>': 151657,
    }),
    'special_tokens_map.json': JSON.stringify({ additional_special_tokens: ['<img>', { content: '<|im_end|>' }] }),
    'tokenizer_config.json': JSON.stringify({ eos_token: '<|im_end|>', pad_token: { content: '<|endoftext|>' } }),
  });
  cpSync(fixture('tokenizers/qwen2'), dir, { recursive: true });
  const tokenizer = loadTokenizer(dir);
  assert.deepEqual(tokenizer.encode('<img>hi<tool_call>'), {
    ids: [151665, 6023, 151657],
    spans: [
      [0, 5],
      [5, 7],
      [7, 18],
    ],
    special: [true, false, false],
  });
  assert.deepEqual([tokenizer.eosId, tokenizer.padId], [151645, 151643]);
});

test('names what is missing', () => {
  refused(join(scratch, 'nowhere'), /spiece\.model, tokenizer\.json.*no such folder/);
  refused(folder({}), /none of them/);
  refused(folder({ 'vocab.json': vocab }), /vocab\.json alone/);
  refused(folder({ 'tokenizer.json': '{"model":{"type":"WordPiece"}}' }), /Unigram or BPE but received "WordPiece"/);
  refused(folder({ 'tokenizer.json': '[]' }), /JSON object/);
  refused(folder({ 'tokenizer.json': '{"model":' }), /do not parse/);
});

test('names what is malformed', () => {
  refused(folder({ 'vocab.json': vocab, 'merges.txt': 'one two three\n' }), /merges\.txt/);
  refused(folder({ 'vocab.json': vocab, 'merges.txt': merges.slice(0, merges.length / 2) }), /merges/);
  refused(
    folder({ 'vocab.json': vocab, 'merges.txt': merges.slice(0, merges.trimEnd().lastIndexOf('\n') + 1) }),
    /some are missing/,
  );
  refused(folder({ 'vocab.json': vocab.slice(0, 1_000_000), 'merges.txt': merges }), /vocab\.json/);
  refused(folder({ 'vocab.json': '{"a":"b"}', 'merges.txt': merges }), /id for the token "a"/);
  refused(folder({ 'vocab.json': '{"a":1}', 'merges.txt': '' }), /<\|endoftext\|>|byte/);
  refused(
    folder({ 'spiece.model': spiece, 'tokenizer_config.json': '{"added_tokens_decoder":{"x":{"content":"y"}}}' }),
    /id for the added token y/,
  );
  refused(folder({ 'spiece.model': spiece, 'added_tokens.json': '{"<a>":-1}' }), /added token <a>/);
});

test('a truncated spiece.model is refused wherever it ends', () => {
  for (let i = 0; i < 60; i++) {
    const length = i < 20 ? i : Math.floor(RANDOM.next() * (spiece.length - 1));
    refused(folder({ 'spiece.model': spiece.subarray(0, length) }), /spiece\.model/);
  }
});

test('garbage is refused or survives as a tokenizer that encodes: never another error, never a hang', () => {
  const attempt = (files: Record<string, string | Uint8Array>) => {
    try {
      const tokenizer = loadTokenizer(folder(files));
      assert.ok(Array.isArray(tokenizer.encode('a ﬁ e\u0301 <extra_id_0> 你').ids));
    } catch (error) {
      assert.equal((error as { code?: string }).code, 'ERR_TOKENIZER', String((error as Error).stack));
    }
  };
  for (let i = 0; i < 30; i++) {
    const noise = Uint8Array.from({ length: 2000 }, () => RANDOM.below(256));
    attempt({ 'spiece.model': noise });
    attempt({ 'tokenizer.json': noise });
    attempt({ 'vocab.json': noise, 'merges.txt': noise });
    const damaged = Buffer.from(spiece);
    for (let j = 0; j < 30; j++) damaged[RANDOM.below(damaged.length)] = RANDOM.below(256);
    attempt({ 'spiece.model': damaged });
  }
});
