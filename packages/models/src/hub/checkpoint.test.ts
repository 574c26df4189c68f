import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { liveTensors, randn, scope, type Tensor, writeSafetensors } from '@motion-enhancer/libtorch';
import { openCheckpoint, saveCheckpoint, WeightReader } from './index.js';

const root = mkdtempSync(join(tmpdir(), 'checkpoint-'));
after(() => rmSync(root, { recursive: true }));
let count = 0;
const folder = () => join(root, `c${count++}`);

function leakFree(name: string, body: () => void): void {
  test(name, () => {
    const before = liveTensors();
    scope(body);
    assert.equal(liveTensors(), before);
  });
}

const weights = (): Record<string, Tensor> => ({
  'model.layers.0.weight': randn([4, 3]),
  'model.layers.1.weight': randn([4, 3]).to('bfloat16'),
  'model.norm.weight': randn([4]),
});

for (const [form, layout] of [
  ['one file', {}],
  ['a diffusers file', { weightsName: 'diffusion_pytorch_model' }],
  ['shards', { maxShardBytes: 30 }],
] as const) {
  leakFree(`saved and opened again: ${form}`, () => {
    const dir = folder();
    const tensors = weights();
    saveCheckpoint(dir, {
      config: { model_type: 'x', n: 3 },
      tensors,
      ...layout,
      extraFiles: { 'notes.txt': 'hello' },
    });
    const files = readdirSync(dir).filter((name) => name.endsWith('.safetensors'));
    assert.equal(files.length, form === 'shards' ? 3 : 1);
    assert.equal(readFileSync(join(dir, 'notes.txt'), 'utf8'), 'hello');
    const checkpoint = openCheckpoint(dir);
    assert.deepEqual(checkpoint.config, { model_type: 'x', n: 3 });
    assert.deepEqual(checkpoint.names.sort(), Object.keys(tensors).sort());
    for (const [name, expected] of Object.entries(tensors)) {
      assert.equal(checkpoint.info(name).dtype, expected.dtype);
      assert.deepEqual(checkpoint.read(name).toArray(), expected.toArray());
      assert.equal(checkpoint.read(name, { dtype: 'float16' }).dtype, 'float16');
    }
    checkpoint.close();
    checkpoint.close();
  });
}

leakFree('what the folder or its index gets wrong is named', () => {
  const dir = folder();
  assert.throws(() => openCheckpoint(dir), { code: 'ERR_CHECKPOINT', message: /no checkpoint folder/ });
  mkdirSync(dir);
  assert.throws(() => openCheckpoint(dir), { code: 'ERR_CONFIG', message: /config.json: there is no such file/ });
  writeFileSync(join(dir, 'config.json'), '{"a": ');
  assert.throws(() => openCheckpoint(dir), { code: 'ERR_CONFIG', message: /config.json: expected JSON/ });
  writeFileSync(join(dir, 'config.json'), '[]');
  assert.throws(() => openCheckpoint(dir), { code: 'ERR_CONFIG', message: /expected a JSON object/ });
  writeFileSync(join(dir, 'config.json'), '{}');
  assert.throws(() => openCheckpoint(dir), { code: 'ERR_CHECKPOINT', message: /holds no weights/ });
  writeFileSync(join(dir, 'pytorch_model.bin'), '');
  assert.throws(() => openCheckpoint(dir), { code: 'ERR_CHECKPOINT', message: /only as pytorch_model.bin/ });
  const index = (weight_map: unknown) =>
    writeFileSync(join(dir, 'model.safetensors.index.json'), JSON.stringify({ weight_map }));
  index(undefined);
  assert.throws(() => openCheckpoint(dir), { code: 'ERR_CHECKPOINT', message: /weight_map/ });
  index({ a: '../evil.safetensors' });
  assert.throws(() => openCheckpoint(dir), { code: 'ERR_CHECKPOINT', message: /evil/ });
  writeSafetensors(join(dir, 'one.safetensors'), { a: randn([2]) });
  index({ a: 'one.safetensors', b: 'two.safetensors' });
  assert.throws(() => openCheckpoint(dir), { code: 'ERR_CHECKPOINT', message: /two\.safetensors .*is missing/ });
  index({ a: 'one.safetensors', b: 'one.safetensors' });
  assert.throws(() => openCheckpoint(dir), { code: 'ERR_CHECKPOINT', message: /one\.safetensors lacks the tensor b/ });
  index({ a: 'one.safetensors' });
  openCheckpoint(dir).close();
});

leakFree('weights are checked, noted, renamed, and live until they are disposed', () => {
  const dir = folder();
  const tensors = weights();
  saveCheckpoint(dir, { config: {}, tensors });
  const checkpoint = openCheckpoint(dir);
  const reader = new WeightReader(checkpoint, { dtype: 'float64', rename: (name) => `model.${name}` });
  const norm = scope(() => {
    const inner = reader.get('norm.weight', [4]);
    return { inner }.inner;
  });
  scope(() => reader.get('layers.0.weight', [4, 3]));
  checkpoint.close();
  assert.deepEqual(norm.toArray(), tensors['model.norm.weight']!.toArray());
  assert.equal(norm.dtype, 'float64');
  assert.deepEqual(reader.unused(), ['model.layers.1.weight']);
  assert.equal(reader.has('layers.1.weight'), true);
  assert.equal(reader.has('layers.2.weight'), false);
  assert.throws(() => reader.get('layers.1.wieght', [4, 3]), {
    code: 'ERR_CHECKPOINT',
    message: /no tensor named model\.layers\.1\.wieght\. Did you mean model\.layers\.1\.weight\?/,
  });
  assert.throws(() => reader.get('norm.weight', [5]), {
    code: 'ERR_CHECKPOINT',
    message: /Expected shape \[5\] for model\.norm\.weight in .*model\.safetensors but received \[4\]/,
  });
  reader.dispose();
});

leakFree('a failed save leaves what was there', () => {
  const dir = folder();
  saveCheckpoint(dir, { config: { version: 1 }, tensors: weights() });
  const freed = randn([2]);
  const config = readFileSync(join(dir, 'config.json'), 'utf8');
  assert.throws(() => saveCheckpoint(dir, { config: {}, tensors: weights() }), {
    code: 'ERR_CHECKPOINT',
    message: /not empty/,
  });
  freed.shape;
  freed.dtype;
  freed.dispose();
  assert.throws(() => saveCheckpoint(dir, { config: {}, tensors: { freed }, overwrite: true }), /freed/);
  assert.throws(() => saveCheckpoint(dir, { config: {}, tensors: {}, overwrite: true, extraFiles: { '../x': '' } }), {
    code: 'ERR_VALUE',
  });
  assert.equal(readFileSync(join(dir, 'config.json'), 'utf8'), config);
  saveCheckpoint(dir, { config: { version: 2 }, tensors: weights(), overwrite: true });
  assert.match(readFileSync(join(dir, 'config.json'), 'utf8'), /2/);
  assert.deepEqual(
    readdirSync(root).filter((name) => name.startsWith('.')),
    [],
  );
  const strange = folder();
  mkdirSync(strange);
  writeFileSync(join(strange, 'diary.txt'), '');
  assert.throws(() => saveCheckpoint(strange, { config: {}, tensors: {}, overwrite: true }), {
    code: 'ERR_CHECKPOINT',
  });
  assert.ok(existsSync(join(strange, 'diary.txt')));
  renameSync(strange, `${strange}-done`);
});

const python = [process.env.PYTHON, 'python3', '/opt/venvs/ref/bin/python'].find(
  (p) => p && spawnSync(p, ['-c', 'import transformers']).status === 0,
);
const t5 = fileURLToPath(new URL('../../../../test/fixtures/reference/t5/text_encoder', import.meta.url));
test('transformers loads what we save', { skip: !python && 'no Python with transformers' }, () => {
  const before = liveTensors();
  const source = openCheckpoint(t5);
  const dir = folder();
  scope(() => {
    const tensors = new Map(source.names.map((name) => [name, source.read(name)]));
    saveCheckpoint(dir, { config: source.config, configText: source.configText, tensors, maxShardBytes: 20_000 });
  });
  source.close();
  assert.ok(existsSync(join(dir, 'model.safetensors.index.json')));
  const script = `
import sys, torch
from transformers import T5EncoderModel
a, b = (T5EncoderModel.from_pretrained(d).state_dict() for d in sys.argv[1:])
assert a.keys() == b.keys() and all(torch.equal(a[k], b[k]) for k in a)
print(len(a))`;
  const output = execFileSync(python!, ['-c', script, t5, dir], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  assert.ok(Number(output) > 3);
  assert.equal(liveTensors(), before);
});
