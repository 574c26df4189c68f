import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { loadQwen2Tokenizer } from '@motion-enhancer/models';
import { fixture, freshSeed, randomSource, temporaryFolder } from '@motion-enhancer/support/testing';
import { describeClip } from '../generate/index.js';
import { cutTokenizer } from './cut-tokenizer.js';
import { CHAT_TEXTS, miniFiles } from './mini-config.js';
import { worldTexts } from './pretrain-samples.js';

const seed = freshSeed();

test(`the cut tokenizer cuts the world's texts as the whole one does, and any other text without loss (seed ${seed})`, () => {
  const random = randomSource(seed);
  const whole = loadQwen2Tokenizer(fixture('tokenizers/qwen2'));
  const cut = cutTokenizer(fixture('tokenizers/qwen2'), [...CHAT_TEXTS, ...worldTexts(600)]);
  assert.ok(cut.vocabSize < 1000 && cut.vocabSize % 64 === 0);
  const dir = temporaryFolder();
  for (const [name, text] of Object.entries(miniFiles(cut))) writeFileSync(join(dir, name), text);
  const ours = loadQwen2Tokenizer(dir);
  assert.ok(ours.vocabSize <= cut.vocabSize);
  for (let i = 0; i < 40; i++) {
    const { caption, questions } = describeClip('test', random.below(1e6));
    for (const text of [caption, ...questions.map((q) => `<|im_start|>user\n${q.text}<|im_end|>\nB`)]) {
      const [a, b] = [ours.encode(text), whole.encode(text)];
      assert.deepEqual(a.spans, b.spans, text);
      assert.deepEqual(
        a.ids.map((id) => ours.idToToken(id)),
        b.ids.map((id) => whole.idToToken(id)),
      );
      assert.deepEqual(a.special, b.special);
    }
  }
  for (const text of ['Quantum zebras; naïve café 漢字 🙂\n\n\tx = 3.14']) {
    assert.equal(ours.decode(ours.encode(text).ids), text);
    assert.ok(ours.encode(text).ids.every((id) => id < cut.vocabSize));
  }
});
