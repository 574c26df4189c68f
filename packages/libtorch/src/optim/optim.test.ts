import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import {
  AdamW,
  backward,
  clipGradNorm,
  cosineWithWarmup,
  cuda,
  type DType,
  grad,
  gradNorm,
  liveTensors,
  noGrad,
  randn,
  scope,
  type Tensor,
  tensor,
  withPlainOperators,
} from '../index.js';
import { leakFree } from '../testing/leak-free.js';

interface Case {
  dtype: DType;
  shapes: number[][];
  start: number[][];
  steps: { grads: number[][]; norm: number; params: number[][] }[];
}
const fixture = fileURLToPath(new URL('../../../../test/fixtures/optim/adamw.json', import.meta.url));
const { cases, schedule } = JSON.parse(readFileSync(fixture, 'utf8')) as { cases: Case[]; schedule: number[] };

const make = (values: number[][], shapes: number[][], dtype: DType): Tensor[] =>
  values.map((v, i) => tensor(v, { shape: shapes[i]!, dtype: 'float64' }).to(dtype));

for (const { dtype, shapes, start, steps } of cases) {
  leakFree(`equal to torch.optim.AdamW and clip_grad_norm_ in ${dtype}`, () => {
    scope(() => {
      const params = make(start, shapes, dtype);
      const optimizer = new AdamW(
        [
          { params: params.slice(0, 1), lr: 0.05, weightDecay: 0.3 },
          { params: params.slice(1), betas: [0.8, 0.95], eps: 1e-6 },
        ],
        { lr: 0.01, weightDecay: 0 },
      );
      const tolerance = { float64: 1e-13, float32: 1e-6, bfloat16: 0.02 }[dtype as 'float32'];
      steps.forEach((step, s) => {
        const grads: (Tensor | null)[] = make(step.grads, shapes, dtype);
        if (s === 1) grads[2] = null;
        const norm = clipGradNorm(grads, 4);
        assert.ok(
          Math.abs(norm - step.norm) <= (dtype === 'bfloat16' ? 0.05 : 1e-6) * step.norm,
          `${norm} ${step.norm}`,
        );
        optimizer.step(grads);
        params.forEach((p, i) => {
          p.toArray().forEach((value, k) => {
            const expected = step.params[i]![k]!;
            assert.ok(
              Math.abs(value - expected) <= tolerance * Math.max(1, Math.abs(expected)),
              `step ${s}: ${value} ${expected}`,
            );
          });
        });
      });
      optimizer.dispose();
    });
  });
}

leakFree('master weights: bfloat16 parameters follow the float32 run and keep small steps', () => {
  scope(() => {
    const start = randn([50]).to('bfloat16');
    const full = start.to('float32');
    const half = start.clone();
    const plain = start.clone();
    const a = new AdamW([full], { lr: 1e-4, weightDecay: 0.1 });
    const b = new AdamW([half], { lr: 1e-4, weightDecay: 0.1, masterWeights: true });
    const c = new AdamW([plain], { lr: 1e-4, weightDecay: 0.1 });
    for (let i = 0; i < 40; i++) {
      const g = randn([50]).add(0.5).to('bfloat16');
      a.step([g.to('float32')]);
      b.step([g]);
      c.step([g]);
    }
    assert.deepEqual(half.toArray(), full.to('bfloat16').toArray());
    assert.deepEqual([...b.stateTensors().get('master.0')!.toArray()], full.toArray());
    assert.notDeepEqual(plain.toArray(), half.toArray());
    for (const optimizer of [a, b, c]) optimizer.dispose();
  });
});

leakFree('a saved state continues bit for bit', () => {
  scope(() => {
    const start = [randn([4, 3]), randn([5]).to('bfloat16')];
    const grads = Array.from({ length: 6 }, () => start.map((p) => randn(p.shape).to(p.dtype)));
    const run = (params: Tensor[]) => new AdamW(params, { lr: 0.01, masterWeights: true });
    const whole = start.map((p) => p.clone());
    const one = run(whole);
    for (const g of grads) one.step(g);
    const first = start.map((p) => p.clone());
    const two = run(first);
    for (const g of grads.slice(0, 3)) two.step(g);
    const names = ['a.weight', 'b.weight'];
    const saved = new Map([...two.stateTensors(names)].map(([k, t]) => [k, t.clone()]));
    assert.deepEqual([...saved.keys()].sort(), [
      'exp_avg.a.weight',
      'exp_avg.b.weight',
      'exp_avg_sq.a.weight',
      'exp_avg_sq.b.weight',
      'master.b.weight',
      'step.a.weight',
      'step.b.weight',
    ]);
    const second = first.map((p) => p.clone());
    const third = first.map((p) => p.clone());
    two.dispose();
    const three = run(second);
    three.loadState(saved, names);
    const written = run(third);
    noGrad(() => written.stateTensors(names).forEach((target, name) => void target.copy_(saved.get(name)!)));
    for (const g of grads.slice(3)) for (const optimizer of [three, written]) optimizer.step(g);
    for (const params of [second, third])
      params.forEach((p, i) => void assert.deepEqual(p.toArray(), whole[i]!.toArray()));
    written.dispose();
    assert.throws(() => three.loadState(new Map(), names), { name: 'UserError', message: /exp_avg.a.weight/ });
    saved.set('exp_avg.a.weight', randn([3, 4]));
    assert.throws(() => three.loadState(saved, names), { message: /shape \[4,3\]/ });
    one.dispose();
    three.dispose();
  });
});

leakFree('trains leaves that require gradients, without growing a graph', () => {
  scope(() => {
    const target = randn([8]);
    const x = randn([8], { requiresGrad: true });
    const optimizer = new AdamW([x], { lr: 0.1, weightDecay: 0 });
    const loss = () => x.sub(target).square().mean();
    const before = loss().item();
    for (let i = 0; i < 200; i++) scope(() => optimizer.step(grad([loss()], [x])));
    assert.ok(loss().item() < before * 1e-3);
    assert.equal(x.isLeaf, true);
    scope(() => backward([loss()]));
    x.grad = null;
    optimizer.dispose();
  });
});

leakFree('wrong settings and gradients are named', () => {
  scope(() => {
    const x = randn([2]);
    assert.throws(() => new AdamW([x], { lr: -1 }), { name: 'UserError', message: /for lr but received -1/ });
    assert.throws(() => new AdamW([x], { lr: 1, betas: [0.9, 1] }), { message: /betas/ });
    const optimizer = new AdamW([x], { lr: 1 });
    assert.throws(() => optimizer.step([]), { message: /Expected 1 gradients/ });
    optimizer.dispose();
  });
});

leakFree('norms: over several tensors, non-finite ones stay visible, small ones are left alone', () => {
  scope(() => {
    const grads = [tensor([3, 0]), null, tensor([[4]])];
    assert.equal(
      scope(() => gradNorm(grads).item()),
      5,
    );
    assert.equal(clipGradNorm(grads, 10), 5);
    assert.deepEqual(grads[0]!.toArray(), [3, 0]);
    assert.equal(clipGradNorm(grads, 1), 5);
    assert.ok(Math.abs(noGrad(() => gradNorm(grads).item()) - 1) < 1e-5);
    assert.ok(Number.isNaN(clipGradNorm([tensor([Number.NaN])], 1)));
    assert.equal(clipGradNorm([], 1), 0);
  });
});

leakFree("the schedule is transformers'", () => {
  schedule.forEach((expected, step) => {
    assert.ok(Math.abs(cosineWithWarmup(step, 20, 0.15) - expected) < 1e-12, `step ${step}`);
  });
  assert.equal(cosineWithWarmup(0, 10, 0), 1);
});

const skip = cuda().count > 0 ? false : 'no NVIDIA GPU on this machine';
for (const dtype of ['bfloat16', 'float16'] as const)
  test(`the fused kernel steps as libtorch's operators do, state and resume included: ${dtype}`, { skip }, () => {
    const before = liveTensors();
    scope(() => {
      const shapes = [[3], [64, 40], [1001], [8, 8, 8]];
      const start = shapes.map((shape) => randn(shape).to(dtype, 'cuda:0'));
      const grads = [0, 1, 2].map(() => shapes.map((shape) => randn(shape).mul(0.1).to(dtype, 'cuda:0')));
      const run = () => {
        const params = start.map((p) => p.clone());
        const make = () => new AdamW(params, { lr: 0.01, weightDecay: 0.1, masterWeights: true });
        const first = make();
        grads.slice(0, 2).forEach((list, i) => {
          first.step(
            list.map((g) => g.clone()),
            i === 1 ? 0.5 : 1,
          );
        });
        const state = new Map([...first.stateTensors()].map(([name, t]) => [name, t.clone()]));
        const second = make();
        second.loadState(state);
        second.step(grads[2]!);
        const found = [...second.stateTensors(), ...params.map((p, i) => [`param.${i}`, p] as const)].map(
          ([name, t]) => [name, t.to('float64').flatten().toArray()] as const,
        );
        first.dispose();
        second.dispose();
        return found;
      };
      const [fused, plain] = [run(), withPlainOperators(run)];
      fused.forEach(([name, values], i) => {
        const wanted = plain[i]![1];
        // Clipping rounds the gradients in the plain way.
        const share = name.startsWith('param') ? 2 ** -7 : name.startsWith('step') ? 0 : 2e-3;
        values.forEach((value, k) => {
          assert.ok(Math.abs(value - wanted[k]!) <= share * Math.max(0.01, Math.abs(wanted[k]!)), `${name}[${k}]`);
        });
      });
    });
    assert.equal(liveTensors(), before);
  });
