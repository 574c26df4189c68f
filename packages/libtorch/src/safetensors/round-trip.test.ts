import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import {
  DTYPES,
  type DType,
  liveTensors,
  openSafetensors,
  randn,
  scope,
  type Tensor,
  tensor,
  writeSafetensors,
  zeros,
} from '../index.js';
import { leakFree } from '../testing/leak-free.js';
import { pythonWith } from '../testing/python-with.js';

const dir = mkdtempSync(join(tmpdir(), 'safetensors-'));
after(() => rmSync(dir, { recursive: true }));

const sample = (dtype: DType, ...shape: number[]): Tensor => {
  const values = randn(shape, { dtype: 'float64' }).mul(50);
  return dtype === 'bool' ? values.gt(0) : dtype === 'uint8' ? values.abs().to('uint8') : values.to(dtype);
};
/** The bytes of a tensor, so that NaN and rounding cannot hide a difference. */
const bytes = (t: Tensor) => (t.numel === 0 ? [] : t.contiguous().reshape(-1).viewAs('uint8').toArray());

leakFree('every dtype and odd shapes come back bit for bit', () => {
  scope(() => {
    const path = join(dir, 'all.safetensors');
    const tensors = new Map<string, Tensor>();
    for (const dtype of Object.keys(DTYPES) as DType[]) {
      for (const shape of [[], [1], [3], [2, 3, 5], [0, 4]]) tensors.set(`${dtype} ${shape}`, sample(dtype, ...shape));
    }
    tensors.set('näme "\\ 漢', sample('float32', 2, 2));
    tensors.set('transposed', sample('int16', 3, 4).transpose(0, 1));
    tensors.set('__proto__', sample('float32', 3));
    writeSafetensors(path, tensors, { format: 'pt', note: 'ü' });
    const file = openSafetensors(path);
    assert.deepEqual({ ...file.metadata }, { format: 'pt', note: 'ü' });
    assert.deepEqual([...file.tensors.keys()].sort(), [...tensors.keys()].sort());
    for (const [name, expected] of tensors) {
      const found = file.read(name);
      assert.equal(found.dtype, expected.dtype, name);
      assert.deepEqual(found.shape, expected.shape, name);
      assert.deepEqual(bytes(found), bytes(expected), name);
      const { begin } = file.tensors.get(name)!;
      assert.equal(begin % DTYPES[expected.dtype].bytes, 0, `${name} is aligned`);
    }
    file.close();
  });
});

leakFree('tensors stay valid after close, and writing to one leaves the file alone', () => {
  scope(() => {
    const path = join(dir, 'copy-on-write.safetensors');
    writeSafetensors(path, { a: tensor([1, 2, 3]), b: tensor([4, 5, 6]) });
    const before = readFileSync(path);
    const file = openSafetensors(path);
    const a = file.read('a');
    file.close();
    file.close();
    a.add_(1);
    assert.deepEqual(a.toArray(), [2, 3, 4]);
    assert.deepEqual(readFileSync(path), before);
    assert.throws(() => file.read('b'), /was closed/);
    const again = openSafetensors(path);
    assert.deepEqual(again.read('a').toArray(), [1, 2, 3]);
    assert.throws(() => again.read('ab'), { code: 'ERR_SAFETENSORS' });
    again.close();
  });
});

leakFree('a file may be overwritten by tensors that were read from it', () => {
  scope(() => {
    const path = join(dir, 'self.safetensors');
    const values = randn([1000]);
    writeSafetensors(path, { values });
    const file = openSafetensors(path);
    writeSafetensors(path, { doubled: file.read('values').mul(2), values: file.read('values') });
    file.close();
    const again = openSafetensors(path);
    assert.deepEqual(again.read('values').toArray(), values.toArray());
    assert.deepEqual(again.read('doubled').toArray(), values.mul(2).toArray());
    again.close();
  });
});

leakFree('unaligned data, which other writers make, is read right', () => {
  scope(() => {
    const values = randn([7]);
    const header = Buffer.from(
      '{"x":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},"y":{"dtype":"F32","shape":[7],"data_offsets":[1,29]}}',
    );
    const size = Buffer.alloc(8);
    size.writeBigUInt64LE(BigInt(header.length));
    const path = join(dir, 'unaligned.safetensors');
    const data = Buffer.from((values.toTypedArray() as Float32Array).buffer);
    writeFileSync(path, Buffer.concat([size, header, Buffer.from([7]), data]));
    const file = openSafetensors(path);
    assert.deepEqual(file.read('x').toArray(), [7]);
    assert.deepEqual(file.read('y').toArray(), values.toArray());
    file.close();
  });
});

leakFree('no temporary file stays behind, and bad arguments write nothing', () => {
  scope(() => {
    const path = join(dir, 'never.safetensors');
    assert.throws(() => writeSafetensors(path, { __metadata__: zeros([1]) }), { code: 'ERR_VALUE' });
    assert.throws(() => writeSafetensors(path, {}, { n: 1 as never }), { code: 'ERR_VALUE' });
    assert.throws(() => writeSafetensors(join(dir, 'no/such/folder/x.safetensors'), {}), {
      code: 'ERR_WRITE',
      name: 'UserError',
    });
    const freed = zeros([2]);
    const { shape, dtype } = freed;
    assert.ok(shape && dtype);
    freed.dispose();
    assert.throws(() => writeSafetensors(path, { freed }), /freed/);
    assert.deepEqual(
      readdirSync(dir).filter((name) => name.includes('never') || name.endsWith('.tmp')),
      [],
    );
  });
});

const python = pythonWith('safetensors.torch');
test('Python reads what we write, and we read what Python writes', {
  skip: !python && 'no Python with safetensors',
}, () => {
  const before = liveTensors();
  scope(() => {
    const path = join(dir, 'ours.safetensors');
    const theirs = join(dir, 'theirs.safetensors');
    const tensors: Record<string, Tensor> = { scalar: tensor(3.5), empty: zeros([0, 3]) };
    for (const dtype of Object.keys(DTYPES) as DType[]) tensors[dtype] = sample(dtype, 3, 5);
    writeSafetensors(path, tensors, { format: 'pt' });
    const script = `
import sys, json
from safetensors.torch import load_file, save_file
from safetensors import safe_open
t = load_file(sys.argv[1])
save_file({k: v.clone() for k, v in t.items()}, sys.argv[2], metadata={'from': 'python'})
print(json.dumps({k: [str(v.dtype), list(v.shape), v.double().flatten().tolist()] for k, v in t.items()}))
`;
    const seen = JSON.parse(execFileSync(python!, ['-c', script, path, theirs], { encoding: 'utf8' }));
    const file = openSafetensors(theirs);
    assert.deepEqual({ ...file.metadata }, { from: 'python' });
    assert.deepEqual(Object.keys(seen).sort(), Object.keys(tensors).sort());
    for (const [name, expected] of Object.entries(tensors)) {
      assert.deepEqual(seen[name], [`torch.${expected.dtype}`, expected.shape, expected.toArray()], name);
      assert.deepEqual(bytes(file.read(name)), bytes(expected), name);
    }
    file.close();
  });
  assert.equal(liveTensors(), before);
});
