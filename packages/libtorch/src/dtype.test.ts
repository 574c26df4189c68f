import assert from 'node:assert/strict';
import { freshSeed, randomSource } from '@motion-enhancer/support/testing';
import { DTYPES, type DType, isFloating, randn, scope, tensor, zeros } from './index.js';
import { leakFree } from './testing/leak-free.js';

const RANDOM = randomSource(freshSeed());

const RANGE: Record<DType, [number, number]> = {
  float64: [-1e6, 1e6],
  float32: [-2048, 2048],
  float16: [-2048, 2048],
  bfloat16: [-256, 256],
  int64: [-1e9, 1e9],
  int32: [-1e9, 1e9],
  int16: [-32768, 32767],
  int8: [-128, 127],
  uint8: [0, 255],
  bool: [0, 1],
};

leakFree('whole numbers pass through every dtype and back', () => {
  scope(() => {
    for (const dtype of Object.keys(DTYPES) as DType[]) {
      const [low, high] = RANGE[dtype];
      const values = Array.from({ length: 50 }, () => Math.round(low + RANDOM.next() * (high - low)) + 0);
      const made = tensor(values, { dtype });
      assert.equal(made.dtype, dtype);
      assert.deepEqual(made.toArray(), values, dtype);
      assert.equal(made.isFloating, isFloating(dtype));
      for (const other of ['float64', 'int64'] as const) assert.deepEqual(made.to(other).to(dtype).toArray(), values);
      assert.equal(made.viewAs('uint8').numel, 50 * DTYPES[dtype].bytes);
      assert.equal(zeros([2], { dtype }).sum().item(), 0);
    }
  });
});

leakFree('typed arrays come back as their own kind', () => {
  scope(() => {
    const arrays = [
      new Float32Array([1.5, -2]),
      new Float64Array([Math.PI, -0]),
      new BigInt64Array([2n ** 62n + 1n, -5n]),
      new Int32Array([-(2 ** 31), 3]),
      new Int16Array([-3, 4]),
      new Int8Array([-128, 127]),
      new Uint8Array([0, 255]),
    ];
    for (const array of arrays) assert.deepEqual(tensor(array).toTypedArray(), array);
    assert.deepEqual(tensor(new Uint8ClampedArray([1, 300])).toTypedArray(), new Uint8Array([1, 255]));
    assert.deepEqual(tensor([true, false]).toTypedArray(), new Uint8Array([1, 0]));
    assert.deepEqual(tensor([1.5], { dtype: 'float16' }).toTypedArray(), new Float32Array([1.5]));
    assert.throws(() => tensor([[1, 2], [3]]), { name: 'UserError', message: /ragged/ });
    assert.throws(() => tensor(new Float32Array(3), { shape: [2] }), /Expected 8 bytes/);
    assert.throws(() => tensor([1], { dtype: 'float8' as never }), { name: 'UserError', message: /"float8"/ });
  });
});

/** Nearest bfloat16, ties to even, by its definition on the bits of float32. */
function bfloat16(value: number): number {
  const bits = new Uint32Array(new Float32Array([value]).buffer)[0]!;
  const rounded = (bits + 0x7fff + ((bits >>> 16) & 1)) & 0xffff0000;
  return new Float32Array(new Uint32Array([rounded]).buffer)[0]!;
}

leakFree('bfloat16 rounds to nearest, ties to even', () => {
  scope(() => {
    const values = [...randn([500]).toArray(), 1 + 2 ** -8, 1 + 3 * 2 ** -8, -(1 + 2 ** -8), 3.3895e38, 1e-40].map(
      Math.fround,
    );
    assert.deepEqual(tensor(values).to('bfloat16').toArray(), values.map(bfloat16));
  });
});
