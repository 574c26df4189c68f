import assert from 'node:assert/strict';
import { test } from 'node:test';
import { cuda, type DType, liveTensors, manualSeed, randn, scope, type Tensor } from '@motion-enhancer/libtorch';
import { attentionWithLse, lseKernel } from './with-lse.js';

/** Softmax written out in float64. */
function explicit(q: Tensor, k: Tensor, v: Tensor) {
  const scores = q
    .to('float64')
    .matmul(k.to('float64').transpose(-2, -1))
    .div(Math.sqrt(q.size(-1)));
  const weights = scores.softmax(-1);
  const lse = scores.exp().sum(-1).log();
  return { out: weights.matmul(v.to('float64')), lse };
}
const worst = (a: Tensor, b: Tensor) => a.to('float64').sub(b).abs().max().item();

const SIZES: [b: number, heads: number, n: number, m: number, d: number][] = [
  [1, 1, 1, 1, 8],
  [1, 2, 1, 37, 16],
  [2, 3, 33, 33, 64],
  [1, 4, 60, 120, 16],
  [2, 2, 97, 41, 32],
  [1, 2, 257, 300, 64],
];
const CASES: [DType, number][] = [
  // Scores reach ±15, whose float32 rounding alone moves a weight by 15 · 2⁻²⁴ ≈ 1e-6 of itself.
  ['float32', 1e-5],
  ['float64', 1e-13],
  ['bfloat16', 2e-2],
  ['float16', 3e-3],
];
const DEVICES = cuda().count > 0 ? ['cpu', 'cuda:0'] : ['cpu'];

for (const device of DEVICES)
  for (const [dtype, tolerance] of CASES)
    test(`out and log-sum-exp equal an explicit softmax: ${device} ${dtype}`, () => {
      const before = liveTensors();
      manualSeed(Date.now());
      for (const [b, heads, n, m, d] of SIZES)
        scope(() => {
          const q = randn([b, heads, n, d]).mul(1.5).to(dtype, device);
          const k = randn([b, heads, m, d]).to(dtype, device);
          const v = randn([b, heads, m, d]).to(dtype, device);
          const { out, lse_BHN } = attentionWithLse(q, k, v);
          const expected = explicit(q, k, v);
          assert.deepEqual([...out.shape], [b, heads, n, d]);
          assert.deepEqual([...lse_BHN.shape], [b, heads, n]);
          assert.equal(out.dtype, dtype);
          assert.equal(lse_BHN.dtype, dtype === 'float64' ? 'float64' : 'float32');
          assert.ok(worst(out, expected.out) < tolerance, `out ${[n, m, d]}: ${worst(out, expected.out)}`);
          assert.ok(worst(lse_BHN, expected.lse) < tolerance * 4, `lse ${[n, m, d]}: ${worst(lse_BHN, expected.lse)}`);
        });
      assert.equal(liveTensors(), before);
    });

test('queries that are a transposed view give the same rows', () => {
  const before = liveTensors();
  scope(() => {
    const [q, k, v] = [0, 1, 2].map(() => randn([2, 45, 3, 16]).transpose(1, 2)) as [Tensor, Tensor, Tensor];
    const { out, lse_BHN } = attentionWithLse(q, k, v);
    const expected = explicit(q, k, v);
    assert.ok(worst(out, expected.out) < 1e-5);
    assert.ok(worst(lse_BHN, expected.lse) < 1e-5);
  });
  assert.equal(liveTensors(), before);
});

test('an entry rebuilt from the log-sum-exp is the softmax entry', () => {
  const before = liveTensors();
  scope(() => {
    const [q, k, v] = [0, 1, 2].map(() => randn([1, 2, 50, 16])) as [Tensor, Tensor, Tensor];
    const { lse_BHN } = attentionWithLse(q, k, v);
    const scores = q.matmul(k.transpose(-2, -1)).div(4);
    const rebuilt = scores.sub(lse_BHN.unsqueeze(-1)).exp();
    assert.ok(worst(rebuilt, scores.to('float64').softmax(-1)) < 1e-5);
    assert.ok(worst(rebuilt.sum(-1), rebuilt.sum(-1).to('float64').mul(0).add(1)) < 1e-5);
  });
  assert.equal(liveTensors(), before);
});

test('the kernel follows device, dtype and head size', () => {
  assert.equal(lseKernel('cpu', 'float32', 64), 'cpu-flash');
  assert.equal(lseKernel('cpu', 'float64', 64), 'plain');
  assert.equal(lseKernel('cuda:0', 'float32', 64), 'efficient');
  assert.equal(lseKernel('cuda:0', 'bfloat16', 64), 'cudnn');
  assert.equal(lseKernel('cuda:0', 'float16', 160), 'flash');
  assert.equal(lseKernel('cuda:0', 'float16', 12), 'plain');
  assert.equal(lseKernel('cuda:0', 'float64', 64), 'plain');
});
