import assert from 'node:assert/strict';
import { join } from 'node:path';
import { noGrad, scope, tensor } from '@motion-enhancer/libtorch';
import { closeTo, tensorTest } from '@motion-enhancer/libtorch/testing';
import { loadT5Encoder, loadTokenizer } from '@motion-enhancer/models';
import { temporaryFolder } from '@motion-enhancer/support/testing';
import { tinyVdm } from '../dataset/testing.js';
import { t5Texts } from './cogvideox/texts.js';

const dir = tinyVdm(join(temporaryFolder(), 'vdm'));
const FP32 = { device: 'cpu', dtype: 'float32' } as const;
const tokenizer = loadTokenizer(join(dir, 'tokenizer'));
const make = () =>
  t5Texts({ textEncoder: join(dir, 'text_encoder'), tokenizer: join(dir, 'tokenizer') }, { ...FP32, maxLength: 32 });

tensorTest('the encoder is loaded once for all texts of a call, and each text is encoded once', () => {
  const texts = make();
  texts.encode(['a dog jumps', 'a cat sleeps', 'a dog jumps', '']);
  assert.deepEqual([texts.loads, texts.size], [1, 3]);
  texts.encode(['', 'a cat sleeps']);
  assert.equal(texts.loads, 1);
  texts.get('a dog jumps');
  assert.equal(texts.loads, 1);
  assert.deepEqual(
    texts.get('a red ball').words.map((word) => word.text),
    ['a', 'red', 'ball'],
  );
  assert.deepEqual([texts.loads, texts.size], [2, 4]);
  texts.clear(new Set(['']));
  assert.deepEqual([texts.size, texts.has(''), texts.has('a red ball')], [1, true, false]);
  texts.clear();
});

tensorTest(
  'an embedding is that of the encoder, whatever it was encoded with; what the caller frees stays cached',
  () => {
    const [alone, together] = [make(), make()];
    together.encode(['one', 'two of them', 'three']);
    const encoder = loadT5Encoder(join(dir, 'text_encoder'), FP32);
    const { ids } = tokenizer.encode('two of them', { maxLength: 32, padToMaxLength: true });
    const expected = noGrad(() => encoder.forward(tensor([ids], { dtype: 'int64' })));
    encoder.dispose();
    for (const texts of [alone, together]) {
      for (let i = 0; i < 2; i++) scope(() => closeTo(texts.get('two of them').embedding, expected, 0));
      texts.get('two of them').embedding.dispose();
      closeTo(texts.get('two of them').embedding, expected, 0);
      texts.clear();
    }
  },
);
