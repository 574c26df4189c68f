import assert from 'node:assert/strict';
import { test } from 'node:test';
import { cuda, type DType, groupNorm, liveTensors, manualSeed, randn, scope } from '@motion-enhancer/libtorch';
import { freshSeed } from '@motion-enhancer/support/testing';
import { clipGroupNorm } from './group-norm.js';

const skip = cuda().count > 0 ? false : 'no NVIDIA GPU on this machine';
const SEED = freshSeed();
/** Channels, groups, frames, height, width */
const SIZES = [
  [8, 4, 1, 1, 7],
  [32, 8, 3, 5, 6],
  [128, 32, 9, 60, 44],
] as const;

const compare = (device: string, dtype: DType, tolerance: number) => {
  const before = liveTensors();
  manualSeed(SEED);
  for (const [channels, groups, frames, height, width] of SIZES)
    scope(() => {
      // Planes of very different size and offset.
      const scale = randn([1, channels, frames, 1, 1], { device }).exp();
      const x = randn([1, channels, frames, height, width], { device })
        .add(randn([1, channels, 1, 1, 1], { device }).mul(3))
        .mul(scale)
        .to(dtype);
      x.select(1, 0).select(1, 0).fill_(0.5);
      const weights = {
        weight: randn([channels], { device }).to(dtype),
        bias: randn([channels], { device }).to(dtype),
      };
      const wide = (t: typeof x) => t.to('float64');
      const expected = groupNorm(wide(x), groups, wide(weights.weight), wide(weights.bias), 1e-6);
      const error = wide(clipGroupNorm(x, groups, weights, 1e-6))
        .sub(expected)
        .abs()
        .div(expected.abs().clamp(1))
        .max()
        .item();
      assert.ok(error < tolerance, `seed ${SEED}, ${channels} channels: ${error}`);
    });
  assert.equal(liveTensors(), before);
};

test('on a CPU it is libtorch’s own', () => compare('cpu', 'float32', 1e-5));
// A half type's last digit: 2⁻⁸ and 2⁻¹¹ of the value, half of it from rounding.
test('from planes: bfloat16', { skip }, () => compare('cuda:0', 'bfloat16', 2 ** -8));
test('from planes: float16', { skip }, () => compare('cuda:0', 'float16', 2 ** -10));
