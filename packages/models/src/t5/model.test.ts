import assert from 'node:assert/strict';
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import {
  arange,
  type DType,
  liveTensors,
  openSafetensors,
  randint,
  scope,
  type Tensor,
  where,
} from '@motion-enhancer/libtorch';
import { loadT5Encoder, type T5Encoder } from './model.js';
import { relativePositionBucket } from './relative-positions.js';

const FOLDER = new URL('../../../../test/fixtures/reference/t5/', import.meta.url).pathname;
const worst = (a: Tensor, b: Tensor) => a.to('float64').sub(b.to('float64')).abs().max().item();

function withEncoder(dtype: DType, body: (encoder: T5Encoder, read: (name: string) => Tensor) => void) {
  const before = liveTensors();
  scope(() => {
    const file = openSafetensors(`${FOLDER}encode.safetensors`);
    const encoder = loadT5Encoder(`${FOLDER}text_encoder`, { device: 'cpu', dtype });
    body(encoder, (name) => file.read(name));
    encoder.dispose();
    file.close();
  });
  assert.equal(liveTensors(), before);
}

test('hidden states equal the reference', () =>
  withEncoder('float32', (encoder, read) => {
    assert.ok(worst(encoder.forward(read('ids')), read('hidden')) < 1e-4);
  }));

for (const [dtype, tolerance] of [
  ['float16', 0.01],
  ['bfloat16', 0.05],
] as const)
  test(`${dtype} stays near float32`, () =>
    withEncoder(dtype, (encoder, read) => {
      const out = encoder.forward(read('ids'));
      assert.equal(out.dtype, dtype);
      assert.ok(worst(out, read('hidden')) < tolerance * read('hidden').abs().max().item());
    }));

test('padding is attended: more of it changes the words', () =>
  withEncoder('float32', (encoder) => {
    const ids = randint(2, 200, [1, 20]);
    ids.narrow(1, 8, 12).zero_();
    const long = encoder.forward(ids).narrow(1, 0, 8);
    assert.ok(worst(long, encoder.forward(ids.narrow(1, 0, 8))) > 1e-4);
  }));

test('rows of a batch do not see each other', () =>
  withEncoder('float32', (encoder) => {
    const ids = randint(0, 200, [3, 9]);
    const all = encoder.forward(ids);
    for (let i = 0; i < 3; i++) assert.ok(worst(all.narrow(0, i, 1), encoder.forward(ids.narrow(0, i, 1))) < 1e-5);
  }));

/** The same formula in libtorch's float32. */
function bucketsByTensors(offsets: Tensor, buckets: number, maxDistance: number): number[] {
  const half = buckets / 2;
  const exact = half / 2;
  const distance = offsets.abs();
  const large = distance
    .float()
    .div(exact)
    .log()
    .div(Math.log(maxDistance / exact))
    .mul(half - exact)
    .long()
    .add(exact)
    .clamp(null, half - 1);
  return offsets
    .gt(0)
    .long()
    .mul(half)
    .add(where(distance.lt(exact), distance, large))
    .toArray();
}

test('buckets of relative positions equal the float32 formula at every offset', () => {
  const before = liveTensors();
  for (const [buckets, maxDistance] of [
    [32, 128],
    [8, 20],
  ] as const)
    scope(() => {
      const offsets = arange(-300, 301);
      const expected = bucketsByTensors(offsets, buckets, maxDistance);
      assert.deepEqual(
        offsets.toArray().map((o) => relativePositionBucket(o, buckets, maxDistance)),
        expected,
      );
    });
  assert.equal(liveTensors(), before);
});

test('bad inputs and bad checkpoints are reported, and leave nothing behind', () => {
  withEncoder('float32', (encoder, read) => {
    assert.throws(() => encoder.forward(read('ids').float()), /Expected int64 \[B, N\] for token ids/);
    assert.throws(() => encoder.forward(read('ids').select(0, 0)), /Expected int64 \[B, N\] for token ids/);
  });
  const before = liveTensors();
  const root = mkdtempSync(join(tmpdir(), 'me-'));
  const load = (dir: string) => loadT5Encoder(dir, { device: 'cpu', dtype: 'float16' });
  try {
    assert.throws(
      () => load(`${FOLDER}../vae/vae`),
      /Expected T5EncoderModel .* but received "AutoencoderKLCogVideoX"/,
    );
    const dir = join(root, 'text_encoder');
    cpSync(`${FOLDER}text_encoder`, dir, { recursive: true });
    const config = JSON.parse(readFileSync(join(dir, 'config.json'), 'utf8'));
    const changes: [object, RegExp][] = [
      [{ feed_forward_proj: 'relu' }, /Expected one of gated-gelu for feed_forward_proj in .* received "relu"/],
      [{ num_heads: 4 }, /Expected shape \[8, 4\] for encoder.block.0.*relative_attention_bias/],
      [{ num_layers: 3 }, /no tensor named encoder.block.2/],
      [{ d_ff: '64' }, /Expected integer for d_ff/],
    ];
    for (const [change, message] of changes) {
      writeFileSync(join(dir, 'config.json'), JSON.stringify({ ...config, ...change }));
      assert.throws(() => load(dir), message);
    }
  } finally {
    rmSync(root, { recursive: true });
  }
  assert.equal(liveTensors(), before);
});
