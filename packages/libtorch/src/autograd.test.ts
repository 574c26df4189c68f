import assert from 'node:assert/strict';
import {
  backward,
  backwardAsync,
  enableGrad,
  grad,
  isGradEnabled,
  keep,
  linear,
  noGrad,
  randn,
  scope,
  type Tensor,
  tensor,
} from './index.js';
import { eachCloseTo } from './testing/each-close-to.js';
import { leakFree } from './testing/leak-free.js';

leakFree('gradients of a small network against finite differences', () => {
  scope(() => {
    const leaf = (...shape: number[]) => randn(shape, { dtype: 'float64', requiresGrad: true });
    const x = randn([5, 3], { dtype: 'float64' });
    const weights = [leaf(4, 3), leaf(4), leaf(2, 4), leaf(2)];
    const loss = ([w1, b1, w2, b2]: Tensor[]) =>
      linear(linear(x, w1!, b1!).gelu('tanh'), w2!, b2!)
        .softmax(-1)
        .select(1, 0)
        .log()
        .mean()
        .neg();
    const gradients = grad([loss(weights)], weights);
    weights.forEach((weight, which) => {
      const values = weight.toArray();
      const h = 1e-5;
      const numeric = values.map((_, i) => {
        const at = (delta: number) =>
          scope(() =>
            noGrad(() => {
              const moved = values.map((v, k) => (k === i ? v + delta : v));
              const copy = tensor(moved, { dtype: 'float64', shape: weight.shape });
              return loss(weights.map((w, k) => (k === which ? copy : w))).item();
            }),
          );
        return (at(h) - at(-h)) / (2 * h);
      });
      eachCloseTo(gradients[which]!.toArray(), numeric, 1e-8, `weight ${which}`);
    });
  });
});

leakFree('higher orders: the third derivative of x⁴ is 24 x', () => {
  scope(() => {
    const x = tensor([0.5, -2], { dtype: 'float64', requiresGrad: true });
    let y = x.pow(4);
    for (let order = 0; order < 3; order++) y = grad([y.sum()], [x], { createGraph: true })[0]!;
    eachCloseTo(y.toArray(), [12, -48], 1e-12);
  });
});

leakFree('backward accumulates in leaves; inputs limit it; grad can be set and cleared', () => {
  scope(() => {
    const a = tensor([1, 2], { requiresGrad: true });
    const b = tensor([3, 4], { requiresGrad: true });
    assert.equal(a.grad, null);
    backward([a.mul(b).sum()]);
    assert.deepEqual(
      [a.grad!.toArray(), b.grad!.toArray()],
      [
        [3, 4],
        [1, 2],
      ],
    );
    backward([a.mul(b).sum()], { inputs: [a] });
    assert.deepEqual(
      [a.grad!.toArray(), b.grad!.toArray()],
      [
        [6, 8],
        [1, 2],
      ],
    );
    a.grad = tensor([9, 9]);
    assert.deepEqual(a.grad.toArray(), [9, 9]);
    a.grad = null;
    b.grad = null;
    assert.equal(a.grad, null);
    assert.deepEqual([a.isLeaf, a.requiresGrad, a.mul(2).isLeaf, a.detach().requiresGrad], [true, true, false, false]);
  });
});

leakFree('vector-Jacobian products, unused inputs, retained graphs', () => {
  scope(() => {
    const x = tensor([1, 2, 3], { requiresGrad: true });
    const other = tensor([1], { requiresGrad: true });
    const y = x.square();
    assert.deepEqual(
      grad([y], [x], { gradOutputs: [tensor([1, 10, 100])], retainGraph: true })[0]!.toArray(),
      [2, 40, 600],
    );
    const [gx, none] = grad([y.sum()], [x, other], { allowUnused: true, retainGraph: true });
    assert.deepEqual([gx!.toArray(), none], [[2, 4, 6], null]);
    assert.throws(() => grad([y.sum()], [other]), { name: 'LibtorchError', message: /not have been used/ });
    grad([y.sum()], [x]);
    assert.throws(() => grad([y.sum()], [x]), /second time/);
    assert.throws(() => grad([tensor([1])], [x]), { name: 'LibtorchError' });
  });
});

leakFree('noGrad and enableGrad nest, also through throws', () => {
  scope(() => {
    const x = tensor([1], { requiresGrad: true });
    assert.equal(
      noGrad(() => x.mul(2).requiresGrad),
      false,
    );
    assert.equal(
      noGrad(() => enableGrad(() => x.mul(2).requiresGrad)),
      true,
    );
    assert.throws(
      () =>
        noGrad(() => {
          throw new Error('inside');
        }),
      /inside/,
    );
    assert.equal(isGradEnabled(), true);
    assert.equal(x.mul(2).requiresGrad, true);
  });
});

leakFree('backward on a worker thread gives the same gradients', async () => {
  const x = keep(randn([50, 50], { requiresGrad: true }));
  const [y, expected] = scope(() => [x.matmul(x).tanh().sum(), grad([x.matmul(x).tanh().sum()], [x])[0]!]);
  await backwardAsync([y]);
  scope(() => eachCloseTo(x.grad!.toArray(), expected.toArray(), 1e-5));
  scope(() => {
    x.grad = null;
  });
  for (const t of [x, y, expected]) t.dispose();
});
