import assert from 'node:assert/strict';
import { copyFileSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { aten, liveTensors, noGrad, randint, scope } from '@motion-enhancer/libtorch';
import { loadTokenizer } from '../tokenizers/index.js';
import { generate } from './generate.js';
import { loadQwen25VL } from './load.js';
import { prepareVideoChat } from './processing/index.js';
import { writeRandomQwen25VL } from './random.js';
import { fixture, inTemporaryFolder } from './testing.js';

test('a random checkpoint loads, chats, and is the same for the same seed', () => {
  const before = liveTensors();
  inTemporaryFolder((parent) => {
    const [a, b, c] = [1, 1, 2].map((seed, i) => {
      const dir = join(parent, `m${i}`);
      writeRandomQwen25VL(dir, { seed, layers: 2, hiddenSize: 32, maxShardBytes: 6e6 });
      return loadQwen25VL(dir, { device: 'cpu', dtype: 'float32' });
    });
    const name = 'model.language_model.layers.1.self_attn.q_proj.weight';
    const weight = (m: typeof a) => m!.parameters().get(name)!;
    assert.equal(aten.equal(weight(a), weight(b)), true);
    assert.equal(aten.equal(weight(a), weight(c)), false);
    const dir = join(parent, 'm0');
    for (const file of ['vocab.json', 'merges.txt']) copyFileSync(fixture(`tokenizers/qwen2/${file}`), join(dir, file));
    const tokenizer = loadTokenizer(dir);
    assert.ok(tokenizer.vocabSize <= a!.config.text.vocabSize);
    assert.match(readFileSync(join(dir, 'README.md'), 'utf8'), /random numbers .* mean nothing/);
    scope(() =>
      noGrad(() => {
        const video = { frames: randint(0, 256, [4, 3, 56, 84]).to('uint8'), sampleFps: 2 };
        const chat = prepareVideoChat(tokenizer, a!.config, { video, prompt: 'What moves?' }, { minPixels: 784 });
        const visual = a!.encodeVisual(chat.patches, [chat.grid]);
        const reply = generate(a!, { ids: chat.ids, visual, rope: chat.rope }, { maxNewTokens: 4, eosIds: [] });
        assert.equal(reply.length, 4);
        const { logits } = a!.forward({ ids: [chat.ids], visual, positions_3BN: chat.positions, logits: 'last' });
        const spread = logits.std().item();
        assert.ok(spread > 0.05 && spread < 20, `logits spread by ${spread}`);
      }),
    );
    for (const model of [a, b, c]) model!.dispose();
  });
  assert.equal(liveTensors(), before);
});
