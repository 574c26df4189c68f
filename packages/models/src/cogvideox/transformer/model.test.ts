import assert from 'node:assert/strict';
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { attention, cat, liveTensors, openSafetensors, randn, scope, type Tensor } from '@motion-enhancer/libtorch';
import { attentionWithLse } from '../../attention/with-lse.js';
import type { Attend } from './attend.js';
import { type CogVideoXTransformer, loadCogVideoXTransformer } from './model.js';
import { ropeTables } from './rope.js';

const REFERENCE = new URL('../../../../../test/fixtures/reference/', import.meta.url).pathname;
const FP32 = { device: 'cpu', dtype: 'float32' } as const;
const worst = (a: Tensor, b: Tensor) => a.to('float64').sub(b.to('float64')).abs().max().item();

/** Runs a body with the tiny 1.5 model and checks that nothing stays alive. */
function withModel(body: (model: CogVideoXTransformer) => void, dtype: 'float32' | 'float64' | 'bfloat16' = 'float32') {
  const before = liveTensors();
  scope(() => {
    const model = loadCogVideoXTransformer(`${REFERENCE}cogvideox15/transformer`, { device: 'cpu', dtype });
    body(model);
    model.dispose();
  });
  assert.equal(liveTensors(), before);
}

for (const form of ['cogvideox15', 'cogvideox10', 'cogvideox2b'])
  test(`${form}: sample, rotary tables and attention maps equal the reference`, () => {
    const before = liveTensors();
    scope(() => {
      const file = openSafetensors(`${REFERENCE}${form}/forward.safetensors`);
      const read = (name: string): Tensor => file.read(name);
      const model = loadCogVideoXTransformer(`${REFERENCE}${form}/transformer`, FP32);
      const layers: number[] = [];
      const attend: Attend = (q, k, v, { layer, textTokens }) => {
        const { out, lse_BHN } = attentionWithLse(q, k, v);
        const scores = q.matmul(k.transpose(-2, -1)).div(Math.sqrt(q.size(-1)));
        const map = scores.sub(lse_BHN.unsqueeze(-1)).exp();
        assert.ok(worst(map, read('attention').select(1, layer)) < 1e-5, `layer ${layer}`);
        assert.equal(textTokens, 12);
        layers.push(layer);
        return out;
      };
      const run = (options = {}) => model.forward(read('latents'), read('text'), read('timestep'), options);
      assert.ok(worst(run({ attend }), read('sample')) < 1e-4);
      assert.deepEqual(layers, [0, 1, 2]);
      assert.ok(worst(run(), read('sample')) < 1e-4);
      if (model.config.rotary) {
        const latents = read('latents');
        const rope = ropeTables(model.config, latents.size(1), latents.size(3), latents.size(4));
        assert.ok(worst(rope.cos, read('rope_cos')) < 1e-6);
        assert.ok(worst(rope.sin, read('rope_sin')) < 1e-6);
        assert.ok(worst(run({ rope }), read('sample')) < 1e-4);
      }
      model.dispose();
      file.close();
    });
    assert.equal(liveTensors(), before);
  });

test('rows of a batch do not see each other, and a number stands for the same timestep in every row', () =>
  withModel((model) => {
    const [a, b] = [randn([1, 2, 4, 4, 6]), randn([1, 2, 4, 4, 6])];
    const [s, t] = [randn([1, 7, 24]), randn([1, 7, 24])];
    const joint = model.forward(cat([a, b]), cat([s, t]), 399);
    assert.ok(worst(joint.narrow(0, 0, 1), model.forward(a, s, 399)) < 1e-5);
    assert.ok(worst(joint.narrow(0, 1, 1), model.forward(b, t, 399)) < 1e-5);
    assert.ok(worst(joint, model.forward(cat([a, b]), cat([s, t]), 400)) > 1e-5);
  }));

test('keys and values given twice leave the prediction as it is', () =>
  withModel((model) => {
    const attend: Attend = (q, k, v) => attention(q, cat([k, k], 2), cat([v, v], 2));
    const [x, text] = [randn([1, 4, 4, 4, 4]), randn([1, 5, 24])];
    assert.ok(worst(model.forward(x, text, 199, { attend }), model.forward(x, text, 199)) < 1e-12);
  }, 'float64'));

test('another latent size in between does not disturb the positions', () =>
  withModel((model) => {
    const [x, text] = [randn([1, 2, 4, 4, 6]), randn([1, 5, 24])];
    const first = model.forward(x, text, 199);
    model.forward(randn([1, 4, 4, 6, 4]), text, 199);
    assert.equal(worst(model.forward(x, text, 199), first), 0);
  }));

test('bfloat16 stays near float32 and returns bfloat16', () => {
  const before = liveTensors();
  scope(() => {
    const file = openSafetensors(`${REFERENCE}cogvideox15/forward.safetensors`);
    withModel((model) => {
      const out = model.forward(file.read('latents'), file.read('text'), file.read('timestep'));
      assert.equal(out.dtype, 'bfloat16');
      const sample = file.read('sample');
      assert.ok(worst(out, sample) < 0.05 * sample.abs().max().item());
    }, 'bfloat16');
    file.close();
  });
  assert.equal(liveTensors(), before);
});

test('inputs of a wrong shape are reported', () =>
  withModel((model) => {
    const text = randn([1, 5, 24]);
    const fails = (latents: Tensor, message: RegExp, words = text) =>
      assert.throws(() => model.forward(latents, words, 1), message);
    fails(randn([1, 3, 4, 4, 4]), /Expected a multiple of patch_size_t = 2 for latent frames but received 3/);
    fails(randn([1, 2, 5, 4, 4]), /Expected \[B, frames, 4, h, w\] for latents but received "\[1, 2, 5, 4, 4\]"/);
    fails(randn([1, 2, 4, 5, 4]), /Expected a positive multiple of 2 for latent height but received 5/);
    fails(randn([1, 2, 4, 4, 22]), /Expected at most 20 for latent width but received 22/);
    fails(randn([1, 2, 4, 4, 4]), /Expected \[1, tokens, 24\] for text/, randn([1, 5, 23]));
  }));

test('a wrong checkpoint is reported by file and field, and leaves nothing behind', () => {
  const before = liveTensors();
  const root = mkdtempSync(join(tmpdir(), 'me-'));
  try {
    assert.throws(
      () => loadCogVideoXTransformer(`${REFERENCE}vae/vae`, FP32),
      /Expected CogVideoXTransformer3DModel for _class_name in .*config.json but received "AutoencoderKLCogVideoX"/,
    );
    assert.throws(
      () => loadCogVideoXTransformer(`${REFERENCE}t5/text_encoder`, FP32),
      /for architectures in .* but received "T5EncoderModel"/,
    );
    const dir = join(root, 'transformer');
    cpSync(`${REFERENCE}cogvideox15/transformer`, dir, { recursive: true });
    const config = JSON.parse(readFileSync(join(dir, 'config.json'), 'utf8'));
    const changes: [object, RegExp][] = [
      [{ num_layers: 'x' }, /Expected integer for num_layers in .*config.json but received "x"/],
      [{ time_embed_dim: 33 }, /Expected shape \[64, 33\]|Expected shape \[33, 64\]/],
      [{ num_layers: 4 }, /no tensor named transformer_blocks\.3\./],
      [{ num_layers: 2 }, /Expected num_layers .* to cover transformer_blocks\.2\..* but received 2/],
      [{ ofs_embed_dim: 512 }, /Expected a text-to-video transformer/],
      [{ patch_size_t: null }, /Expected shape \[64, 4, 2, 2\] for patch_embed\.proj\.weight/],
      [{ attention_head_dim: 12 }, /Expected a multiple of 16 for attention_head_dim/],
      [{ activation_fn: 'relu' }, /for activation_fn in .* but received "relu"/],
    ];
    for (const [change, message] of changes) {
      writeFileSync(join(dir, 'config.json'), JSON.stringify({ ...config, ...change }));
      assert.throws(() => loadCogVideoXTransformer(dir, FP32), message);
    }
  } finally {
    rmSync(root, { recursive: true });
  }
  assert.equal(liveTensors(), before);
});
