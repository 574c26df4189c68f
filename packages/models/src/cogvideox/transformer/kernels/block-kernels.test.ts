import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  arange,
  aten,
  cuda,
  type DType,
  layerNorm,
  liveTensors,
  manualSeed,
  ones,
  randn,
  scope,
  type Tensor,
} from '@motion-enhancer/libtorch';
import { freshSeed } from '@motion-enhancer/support/testing';
import { applyRope_ } from '../rope.js';
import { blockKernels } from './block-kernels.js';

const skip = cuda().count > 0 ? false : 'no NVIDIA GPU on this machine';
const SEED = freshSeed();

interface Size {
  batch: number;
  text: number;
  video: number;
  heads: number;
  perRow: boolean;
}
const SIZES: Size[] = [
  { batch: 1, text: 1, video: 1, heads: 1, perRow: false },
  { batch: 2, text: 3, video: 8, heads: 30, perRow: true },
  { batch: 4, text: 226, video: 105, heads: 48, perRow: false },
  { batch: 3, text: 0, video: 37, heads: 5, perRow: true },
];

/** Steps of the type at the size of b: how many values lie between two results. */
function steps(a: Tensor, b: Tensor, dtype: DType): number {
  const [x, y] = [a.to('float32'), b.to('float32')];
  const unit = dtype === 'bfloat16' ? 2 ** -7 : 2 ** -10;
  return x.sub(y).abs().div(y.abs().clamp(1).mul(unit)).max().item();
}

for (const dtype of ['bfloat16', 'float16'] as const) {
  test(`norm and modulation equal the plain operators: ${dtype} (seed ${SEED})`, { skip }, () => {
    manualSeed(SEED);
    const before = liveTensors();
    for (const { batch, text, video, heads, perRow } of SIZES)
      scope(() => {
        const width = 64 * heads;
        const make = (...shape: number[]) => randn(shape).to(dtype, 'cuda:0');
        const x = make(batch, text + video, width)
          .mul(3)
          .add(1);
        const [weight, bias] = [make(width), make(width)];
        const modulation = make(perRow ? batch : 1, 6 * width);
        const kernels = blockKernels(x, 64, width, true);
        assert.ok(kernels);
        const got = kernels.modulatedNorm(x, { weight, bias }, modulation, text, 1e-5);
        const [shift, scale, , textShift, textScale] = modulation.unsqueeze(1).chunk(6, 2) as Tensor[];
        const normed = layerNorm(x, [width], weight, bias, 1e-5);
        const part = (from: number, n: number, s: Tensor, by: Tensor) =>
          aten.addcmul(s, normed.narrow(1, from, n), by.add(1)) as Tensor;
        const pairs: [Tensor, Tensor][] = [
          [got.narrow(1, 0, text), part(0, text, textShift!, textScale!)],
          [got.narrow(1, text, video), part(text, video, shift!, scale!)],
        ];
        // One step of the norm, times a scale of up to five.
        for (const [a, b] of pairs) if (a.numel > 0) assert.ok(steps(a, b, dtype) < 6, `${steps(a, b, dtype)}`);
      });
    assert.equal(liveTensors(), before);
  });

  test(`head norm and rotation equal the plain operators: ${dtype} (seed ${SEED})`, { skip }, () => {
    manualSeed(SEED);
    const before = liveTensors();
    for (const { batch, text, video, heads } of SIZES)
      for (const rotary of [true, false])
        scope(() => {
          const make = (...shape: number[]) => randn(shape).to(dtype, 'cuda:0');
          const [q, k] = [0, 1].map(() => make(batch, text + video, heads, 64)) as [Tensor, Tensor];
          const norm = () => ({ weight: make(64), bias: make(64) });
          const norms = { q: norm(), k: norm() };
          const angle = arange(0, video * 32, 1, { dtype: 'float32', device: 'cuda:0' })
            .reshape(video, 32)
            .mul(0.37);
          const factors = rotary ? (aten.polar(ones([video, 32], { device: 'cuda:0' }), angle) as Tensor) : null;
          const plain = (x: Tensor, n: { weight: Tensor; bias: Tensor }) => {
            const normed = layerNorm(x, [64], n.weight, n.bias, 1e-6);
            if (factors) applyRope_(normed, factors, text);
            return normed;
          };
          const expected = [plain(q, norms.q), plain(k, norms.k)];
          blockKernels(q, 64, 64 * heads, true)!.headNormRotary_({
            q_BNHD: q,
            k_BNHD: k,
            norms,
            factors,
            textTokens: text,
            eps: 1e-6,
          });
          for (const [i, x] of [q, k].entries())
            assert.ok(steps(x, expected[i]!, dtype) <= 2.01, `${steps(x, expected[i]!, dtype)}`);
        });
    assert.equal(liveTensors(), before);
  });
}

test('plain operators serve off CUDA, at full precision and for other head sizes', () => {
  const before = liveTensors();
  scope(() => {
    assert.equal(blockKernels(randn([1]).to('bfloat16'), 64, 3072, true), null);
    assert.equal(blockKernels(randn([1]), 64, 3072, true), null);
  });
  assert.equal(liveTensors(), before);
});
