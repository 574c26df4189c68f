import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  cuda,
  liveTensors,
  manualSeed,
  noGrad,
  randn,
  scope,
  type Tensor,
  withPlainOperators,
} from '@motion-enhancer/libtorch';
import { freshSeed } from '@motion-enhancer/support/testing';
import { applyRotary, applyRotaryInFloat } from '../../vlm-common/language/rotary.js';
import { swiglu } from '../swiglu/swiglu.js';
import { rotaryKernels } from './rotary-kernels.js';

const skip = cuda().count > 0 ? false : 'no NVIDIA GPU on this machine';
const SEED = freshSeed();

const equal = (a: Tensor, b: Tensor) => a.shape.join() === b.shape.join() && a.eq(b).all().item() === 1;

for (const dtype of ['bfloat16', 'float16'] as const)
  test(`rotation and gate equal the plain operators bit by bit: ${dtype} (seed ${SEED})`, { skip }, () => {
    const before = liveTensors();
    manualSeed(SEED);
    noGrad(() =>
      scope(() => {
        const make = (...shape: number[]) => randn(shape).to(dtype, 'cuda:0');
        assert.ok(rotaryKernels(make(1)));
        for (const [B, N, H, D] of [
          [1, 1, 1, 16],
          [2, 37, 5, 128],
          [1, 300, 2, 80],
        ] as const) {
          const tables = (shape: number[], type: 'float32' | typeof dtype) => {
            const half = randn(shape).mul(3);
            const of = (x: Tensor) => x.to(type, 'cuda:0');
            const both = (x: Tensor) =>
              of(x)
                .unsqueeze(-2)
                .expand(...shape.slice(0, -1), 2, D / 2)
                .flatten(-2);
            return { cos: both(half.cos()), sin: both(half.sin()) };
          };
          // A decoder's: heads within tokens, tables per row and token.
          const x = make(B, N, H, D).transpose(1, 2);
          const own = tables([B, 1, N, D / 2], dtype);
          assert.ok(
            equal(
              applyRotary(x, own),
              withPlainOperators(() => applyRotary(x, own)),
            ),
            `${[B, N, H, D]}`,
          );
          // A tower's: queries and keys of one product.
          const qk = make(N, 3, H, D).transpose(0, 1).narrow(0, 0, 2);
          const wide = tables([N, 1, D / 2], 'float32');
          assert.ok(
            equal(
              applyRotaryInFloat(qk, wide),
              withPlainOperators(() => applyRotaryInFloat(qk, wide)),
            ),
            `${[B, N, H, D]}`,
          );
          const [g, u] = [make(N, 8 * H), make(N, 8 * H)];
          const wanted = withPlainOperators(() => swiglu(g, u));
          assert.ok(equal(swiglu(g, u), wanted));
          assert.ok(equal(g, wanted)); // written over it
        }
      }),
    );
    assert.equal(liveTensors(), before);
  });

test('plain operators serve off CUDA, at full precision and with gradients', () => {
  const before = liveTensors();
  scope(() => {
    assert.equal(
      noGrad(() => rotaryKernels(randn([8]).to('bfloat16'))),
      null,
    );
    const [g, u] = [randn([3, 5]), randn([3, 5])];
    const copy = g.clone();
    swiglu(g, u);
    assert.ok(equal(g, copy));
  });
  assert.equal(liveTensors(), before);
});
