import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after } from 'node:test';
import { UserError } from '@motion-enhancer/support';
import { freshSeed, type RandomSource, randomSource } from '@motion-enhancer/support/testing';
import { DTYPES, openSafetensors, randn, scope, tensor, writeSafetensors } from '../index.js';
import { leakFree } from '../testing/leak-free.js';

const dir = mkdtempSync(join(tmpdir(), 'safetensors-damaged-'));
after(() => rmSync(dir, { recursive: true }));
const path = join(dir, 'file.safetensors');

/** A file from header text (or object) and data. */
function fileOf(header: unknown, dataBytes: number, headerSize?: number | bigint): void {
  const json = Buffer.isBuffer(header)
    ? header
    : Buffer.from(typeof header === 'string' ? header : JSON.stringify(header));
  const size = Buffer.alloc(8);
  size.writeBigUInt64LE(BigInt(headerSize ?? json.length));
  writeFileSync(path, Buffer.concat([size, json, Buffer.alloc(dataBytes)]));
}

const f32 = (shape: unknown, begin: unknown, end: unknown) => ({ dtype: 'F32', shape, data_offsets: [begin, end] });

const DAMAGED: [name: string, make: () => void, message: RegExp][] = [
  ['empty file', () => writeFileSync(path, ''), /holds 0 bytes/],
  ['seven bytes', () => writeFileSync(path, Buffer.alloc(7)), /holds 7 bytes/],
  ['header beyond the file', () => fileOf({}, 0, 1000), /only 2 after/],
  ['header of 2^63', () => fileOf({}, 0, 2n ** 63n), /limit of 100000000/],
  ['header of no bytes', () => fileOf('', 8), /does not begin with \{/],
  ['not JSON', () => fileOf('{"a":', 0), /not valid JSON/],
  ['an array', () => fileOf('[]', 0), /does not begin with \{/],
  ['not UTF-8', () => fileOf(Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d]), 0), /JSON/],
  [
    'a key twice',
    () =>
      fileOf(
        '{"a":{"dtype":"U8","shape":[0],"data_offsets":[0,0]},"\\u0061":{"dtype":"U8","shape":[0],"data_offsets":[0,0]}}',
        0,
      ),
    /"a" twice/,
  ],
  [
    'a field twice',
    () => fileOf('{"a":{"dtype":"U8","dtype":"I8","shape":[0],"data_offsets":[0,0]}}', 0),
    /"dtype" twice/,
  ],
  ['metadata of numbers', () => fileOf({ __metadata__: { a: 1 } }, 0), /__metadata__/],
  ['metadata list', () => fileOf({ __metadata__: [] }, 0), /__metadata__/],
  ['a tensor that is a number', () => fileOf({ a: 1 }, 0), /tensor a: expected an object/],
  ['no dtype', () => fileOf({ a: { shape: [], data_offsets: [0, 4] } }, 4), /tensor a: expected a dtype/],
  [
    'unsupported dtype',
    () => fileOf({ a: { dtype: 'F8_E4M3', shape: [4], data_offsets: [0, 4] } }, 4),
    /F8_E4M3 is not supported/,
  ],
  [
    'dtype of the prototype',
    () => fileOf({ a: { dtype: 'toString', shape: [4], data_offsets: [0, 4] } }, 4),
    /toString is not supported/,
  ],
  ['negative size', () => fileOf({ a: f32([-1], 0, 4) }, 4), /tensor a: expected a shape/],
  ['broken size', () => fileOf({ a: f32([1.5], 0, 6) }, 6), /expected a shape/],
  ['size as text', () => fileOf({ a: f32(['1'], 0, 4) }, 4), /expected a shape/],
  ['overflow', () => fileOf({ a: f32([2 ** 40, 2 ** 40], 0, 4) }, 4), /too large/],
  ['overflow behind a zero', () => fileOf({ a: f32([0, 2 ** 40, 2 ** 40], 0, 0) }, 0), /too large/],
  ['one offset', () => fileOf({ a: { dtype: 'U8', shape: [1], data_offsets: [0] } }, 1), /expected data_offsets/],
  ['negative offset', () => fileOf({ a: f32([1], -4, 0) }, 4), /expected data_offsets/],
  ['backwards', () => fileOf({ a: f32([1], 4, 0) }, 4), /end before/],
  ['beyond the data', () => fileOf({ a: f32([2], 0, 8) }, 4), /beyond the 4 bytes/],
  ['wrong length', () => fileOf({ a: f32([2], 0, 4) }, 4), /takes 8 bytes but data_offsets hold 4/],
  ['overlap', () => fileOf({ a: f32([2], 0, 8), b: f32([2], 4, 12) }, 12), /tensor b: its data overlaps/],
  [
    'hole',
    () => fileOf({ a: f32([1], 0, 4), b: f32([1], 8, 12) }, 12),
    /tensor b: no tensor holds the data bytes 4 to 8/,
  ],
  ['data behind the last tensor', () => fileOf({ a: f32([1], 0, 4) }, 5), /only 4/],
];

leakFree('each kind of damage is named, with the file and a remedy', () => {
  for (const [name, make, message] of DAMAGED) {
    make();
    assert.throws(
      () => openSafetensors(path),
      (error: unknown) =>
        error instanceof UserError &&
        error.code === 'ERR_SAFETENSORS' &&
        error.message.startsWith(path) &&
        message.test(error.message),
      name,
    );
  }
  assert.throws(() => openSafetensors(join(dir, 'none.safetensors')), {
    code: 'ERR_SAFETENSORS',
    message: /no such file/,
  });
  assert.throws(() => openSafetensors(dir), { code: 'ERR_SAFETENSORS', message: /not a file/ });
});

/** A valid file with several dtypes. */
function validFile(): Buffer {
  return scope(() => {
    const tensors = {
      'model.layers.0.weight': randn([3, 4]),
      'model.layers.0.bias': randn([4]).to('bfloat16'),
      ids: tensor([1, 2, 3], { dtype: 'int64' }),
      mask: tensor([true, false, true]),
      scalar: tensor(2.5, { dtype: 'float64' }),
      empty: randn([0, 3]),
    };
    writeSafetensors(path, tensors, { format: 'pt' });
    return readFileSync(path);
  });
}

leakFree('a file cut anywhere is refused', () => {
  const whole = validFile();
  for (let length = 0; length < whole.length; length++) {
    writeFileSync(path, whole.subarray(0, length));
    assert.throws(() => openSafetensors(path), { code: 'ERR_SAFETENSORS' }, `cut to ${length} bytes`);
  }
});

leakFree('thousands of mutations: valid tensors or a typed error, never a crash', () => {
  const seed = freshSeed();
  const random = randomSource(seed);
  const whole = validFile();
  const headerEnd = 8 + Number(whole.readBigUInt64LE());
  let refused = 0;
  let accepted = 0;
  for (let round = 0; round < 3000; round++) {
    writeFileSync(path, mutate(whole, headerEnd, random));
    try {
      readAll();
      accepted++;
    } catch (error) {
      assert.ok(
        error instanceof UserError && error.code === 'ERR_SAFETENSORS',
        `TEST_SEED=${seed} round ${round}: ${error}`,
      );
      refused++;
    }
  }
  assert.ok(refused > 500 && accepted > 50, `TEST_SEED=${seed}: ${refused} refused, ${accepted} accepted`);
});

/** Reads every tensor and every value; checks that each lies inside the file as its header says. */
function readAll(): void {
  const file = openSafetensors(path);
  const bytes = readFileSync(path);
  const dataStart = 8 + Number(bytes.readBigUInt64LE());
  try {
    for (const [name, info] of file.tensors) {
      scope(() => {
        const found = file.read(name);
        assert.deepEqual(found.shape, info.shape);
        assert.equal(found.dtype, info.dtype);
        assert.equal(found.numel * DTYPES[info.dtype].bytes, info.end - info.begin);
        assert.ok(dataStart + info.end <= bytes.length);
        if (found.numel === 0) return;
        const raw = found.reshape(-1).viewAs('uint8').toArray();
        const stored = [...bytes.subarray(dataStart + info.begin, dataStart + info.end)];
        assert.deepEqual(raw, info.dtype === 'bool' ? stored.map((b) => (b ? 1 : 0)) : stored);
      });
    }
  } finally {
    file.close();
  }
}

function mutate(whole: Buffer, headerEnd: number, random: RandomSource): Buffer {
  const copy = Buffer.from(whole);
  switch (random.below(6)) {
    case 0: // bits, anywhere
      for (let i = random.below(4); i >= 0; i--) copy[random.below(copy.length)]! ^= 1 << random.below(8);
      return copy;
    case 1: // bits of the header
      copy[8 + random.below(headerEnd - 8)]! ^= 1 << random.below(8);
      return copy;
    case 2: // a cut, or bytes more
      return random.below(2)
        ? copy.subarray(0, random.below(copy.length))
        : Buffer.concat([copy, Buffer.alloc(1 + random.below(20))]);
    case 3: // another header size
      copy.writeBigUInt64LE(
        BigInt(random.pick([0, 1, headerEnd - 9, headerEnd - 7, copy.length, 2 ** 40, random.below(2 ** 31)])),
      );
      return copy;
    default: {
      // a number or word of the header changed, sizes kept right
      const json = copy.toString('utf8', 8, headerEnd);
      const numbers = [...json.matchAll(/\d+|"[A-Z]+\d*"/g)];
      const target = random.pick(numbers);
      const swap = target[0].startsWith('"')
        ? JSON.stringify(random.pick(['F32', 'BF16', 'I64', 'U8', 'BOOL', 'F8_E5M2', '']))
        : random.pick([
            '0',
            '1',
            '-1',
            '3',
            '4',
            '1e3',
            '0.5',
            '9007199254740993',
            '1e999',
            'null',
            '"4"',
            '[]',
            String(random.below(100)),
          ]);
      const text = Buffer.from(json.slice(0, target.index) + swap + json.slice(target.index + target[0].length));
      const size = Buffer.alloc(8);
      size.writeBigUInt64LE(BigInt(text.length));
      return Buffer.concat([size, text, copy.subarray(headerEnd)]);
    }
  }
}
