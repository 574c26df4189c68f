import assert from 'node:assert/strict';
import { backward, Checkpoints, noGrad, randn, scope, type Tensor } from './index.js';
import { leakFree } from './testing/leak-free.js';

/** A chain of blocks with two outputs each; between them plain operators. Gradients of the leaves. */
function chain(weights: readonly Tensor[], x: Tensor, checkpoints: Checkpoints | null): number[][] {
  let runs = 0;
  return scope(() => {
    let h = x.mul(2);
    let side: Tensor | null = null;
    weights.forEach((weight, i) => {
      const body = (input: Tensor) => {
        runs++;
        const inner = input.matmul(weight).tanh();
        // The third block's side output is used by nothing.
        return { h: inner.add(input), side: inner.square().mean(0), none: null };
      };
      const out = checkpoints ? checkpoints.run(h, body) : body(h);
      h = out.h;
      if (i !== 2) side = side ? side.add(out.side) : out.side;
    });
    const loss = h.square().sum().add(side!.sum(), 3);
    if (checkpoints) checkpoints.backward(loss);
    else backward([loss]);
    assert.equal(runs, checkpoints ? 2 * weights.length : weights.length);
    const found = [x, ...weights].map((leaf) => leaf.grad!.reshape(-1).toArray());
    for (const leaf of [x, ...weights]) leaf.grad = null;
    return found;
  });
}

leakFree('blocks computed again: the gradients of the plain pass, exactly; each block runs twice', () => {
  scope(() => {
    const weights = Array.from({ length: 4 }, () => randn([5, 5], { dtype: 'float64' }).requiresGrad_());
    const x = randn([7, 5], { dtype: 'float64' }).requiresGrad_();
    const plain = chain(weights, x, null);
    const checkpoints = new Checkpoints();
    const again = chain(weights, x, checkpoints);
    checkpoints.close();
    again.forEach((gradient, i) => {
      gradient.forEach((value, k) => {
        assert.ok(Math.abs(value - plain[i]![k]!) <= 1e-12 * Math.max(1, Math.abs(plain[i]![k]!)));
      });
    });
  });
});

leakFree('a block whose input needs no gradient records itself; without gradients nothing is recorded', () => {
  scope(() => {
    const weight = randn([3, 3]).requiresGrad_();
    const x = randn([2, 3]);
    const checkpoints = new Checkpoints();
    let runs = 0;
    const body = (input: Tensor) => {
      runs++;
      return { h: input.matmul(weight) };
    };
    checkpoints.backward(checkpoints.run(x, body).h.sum());
    assert.equal(runs, 1);
    assert.ok(weight.grad);
    weight.grad = null;
    noGrad(() => assert.equal(checkpoints.run(x, body).h.requiresGrad, false));
    checkpoints.close();
  });
});

leakFree('closing without a backward pass frees everything, what is held as well', () => {
  const checkpoints = new Checkpoints();
  scope(() => {
    const weight = randn([3, 3]).requiresGrad_();
    const table = checkpoints.hold(randn([3]));
    checkpoints.run(weight.mul(1), (h) => ({ h: h.matmul(weight).add(table) }));
  });
  checkpoints.close();
});
