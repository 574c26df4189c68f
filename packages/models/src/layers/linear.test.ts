import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  backward,
  linear as dense,
  liveTensors,
  manualSeed,
  noGrad,
  randn,
  scope,
  type Tensor,
} from '@motion-enhancer/libtorch';
import { freshSeed } from '@motion-enhancer/support/testing';
import { visionMlp } from '../qwen2-5-vl/vision-mlp.js';
import { type Linear, linear, plainLinear } from './linear.js';

const SEED = freshSeed();

function inTest(name: string, body: () => void): void {
  test(`${name} (seed ${SEED})`, () => {
    const before = liveTensors();
    manualSeed(SEED);
    scope(body);
    assert.equal(liveTensors(), before);
  });
}

const worst = (a: Tensor, b: Tensor) => noGrad(() => a.sub(b).abs().max().item());
const adapted = (out: number, width: number, bias = true): Linear & Required<Pick<Linear, 'adapter'>> => ({
  weight: randn([out, width], { dtype: 'float64' }),
  bias: bias ? randn([out], { dtype: 'float64' }) : null,
  adapter: {
    a: randn([3, width], { dtype: 'float64' }).requiresGrad_(),
    b: randn([out, 3], { dtype: 'float64' }).requiresGrad_(),
    scale: 0.7,
  },
});

inTest('an adapter adds scale · x aᵀ bᵀ; gradients reach the adapter alone', () => {
  const layer = adapted(5, 7);
  const { weight, bias, adapter } = layer;
  const x = randn([2, 4, 7], { dtype: 'float64' });
  const y = linear(x, layer);
  const wanted = dense(x, weight, bias).add(
    x.matmul(adapter.a.transpose(0, 1)).matmul(adapter.b.transpose(0, 1)).mul(adapter.scale),
  );
  assert.ok(worst(y, wanted) < 1e-12);
  // The same as a merged weight.
  const merged = weight.add(adapter.b.matmul(adapter.a), adapter.scale);
  assert.ok(worst(y, dense(x, merged, bias)) < 1e-12);

  const direction = randn([2, 4, 5], { dtype: 'float64' });
  backward([y], { gradOutputs: [direction] });
  assert.equal(weight.grad, null);
  assert.equal(bias!.grad, null);
  const [x_MI, d_MO] = [x.flatten(0, 1), direction.flatten(0, 1)];
  const wantedB = d_MO
    .transpose(0, 1)
    .matmul(x_MI.matmul(adapter.a.transpose(0, 1)))
    .mul(0.7);
  const wantedA = d_MO.matmul(adapter.b).transpose(0, 1).matmul(x_MI).mul(0.7);
  assert.ok(worst(adapter.b.grad!, wantedB) < 1e-12);
  assert.ok(worst(adapter.a.grad!, wantedA) < 1e-12);
  for (const t of [adapter.a, adapter.b]) t.grad = null;
});

inTest('a layer without an adapter is one operator, and has a plain weight', () => {
  const { weight, bias } = adapted(5, 7);
  const x = randn([4, 7], { dtype: 'float64' });
  const before = liveTensors();
  const y = linear(x, { weight, bias });
  assert.equal(liveTensors(), before + 1);
  assert.equal(worst(y, dense(x, weight, bias)), 0);
  const layer = { weight, bias };
  assert.equal(plainLinear(layer), layer);
  assert.throws(() => plainLinear(adapted(5, 7)), /has no plain weight: merge it first/);
});

inTest('the tower widens adapters with the layers that it widens', () => {
  const mlp = { gate_proj: adapted(20, 12), up_proj: adapted(20, 12), down_proj: adapted(12, 20) };
  const x = randn([6, 12], { dtype: 'float64' });
  const [plain, wide] = [visionMlp(x, mlp, false), visionMlp(x, mlp, true)];
  assert.ok(worst(plain, wide) < 1e-12);
});
