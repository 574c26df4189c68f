import assert from 'node:assert/strict';
import { randn, scope, type Tensor, tensor } from './index.js';
import { eachCloseTo } from './testing/each-close-to.js';
import { leakFree } from './testing/leak-free.js';

type Unary = (t: Tensor) => Tensor;
const sigmoid = (v: number) => 1 / (1 + Math.exp(-v));
const roundHalfEven = (v: number) => (Math.abs(v % 1) === 0.5 ? 2 * Math.round(v / 2) : Math.round(v));

const UNARY: [name: string, op: Unary, oracle: (v: number) => number][] = [
  ['neg', (t) => t.neg(), (v) => -v],
  ['abs', (t) => t.abs(), Math.abs],
  ['exp', (t) => t.exp(), Math.exp],
  ['log', (t) => t.abs().log(), (v) => Math.log(Math.abs(v))],
  ['sqrt', (t) => t.abs().sqrt(), (v) => Math.sqrt(Math.abs(v))],
  ['rsqrt', (t) => t.abs().rsqrt(), (v) => 1 / Math.sqrt(Math.abs(v))],
  ['square', (t) => t.square(), (v) => v * v],
  ['reciprocal', (t) => t.reciprocal(), (v) => 1 / v],
  ['sin', (t) => t.sin(), Math.sin],
  ['cos', (t) => t.cos(), Math.cos],
  ['tanh', (t) => t.tanh(), Math.tanh],
  ['sigmoid', (t) => t.sigmoid(), sigmoid],
  ['floor', (t) => t.floor(), Math.floor],
  ['round', (t) => t.round(), roundHalfEven],
  ['relu', (t) => t.relu(), (v) => Math.max(0, v)],
  ['silu', (t) => t.silu(), (v) => v * sigmoid(v)],
  [
    'gelu tanh',
    (t) => t.gelu('tanh'),
    (v) => 0.5 * v * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (v + 0.044715 * v ** 3))),
  ],
  ['clamp', (t) => t.clamp(-0.5, 0.7), (v) => Math.min(0.7, Math.max(-0.5, v))],
  ['clamp below', (t) => t.clamp(0.1), (v) => Math.max(0.1, v)],
  ['clamp above', (t) => t.clamp(null, 0.1), (v) => Math.min(0.1, v)],
  ['add scalar', (t) => t.add(2.5), (v) => v + 2.5],
  ['add alpha', (t) => t.add(3, 0.5), (v) => v + 1.5],
  ['sub scalar', (t) => t.sub(2), (v) => v - 2],
  ['rsub', (t) => t.rsub(1), (v) => 1 - v],
  ['mul scalar', (t) => t.mul(-3), (v) => v * -3],
  ['div scalar', (t) => t.div(4), (v) => v / 4],
  ['pow scalar', (t) => t.pow(3), (v) => v ** 3],
  ['eq', (t) => t.eq(0), (v) => Number(v === 0)],
  ['ne', (t) => t.ne(0), (v) => Number(v !== 0)],
  ['lt', (t) => t.lt(0.2), (v) => Number(v < 0.2)],
  ['le', (t) => t.le(0.2), (v) => Number(v <= 0.2)],
  ['gt', (t) => t.gt(0.2), (v) => Number(v > 0.2)],
  ['ge', (t) => t.ge(0.2), (v) => Number(v >= 0.2)],
];

leakFree('element-wise methods against plain numbers', () => {
  scope(() => {
    const x = randn([4, 5], { dtype: 'float64' });
    const values = x.toArray();
    for (const [name, op, oracle] of UNARY) eachCloseTo(op(x).toArray(), values.map(oracle), 1e-12, name);
    eachCloseTo(tensor([0.5, 1.5, 2.5, -0.5]).round().toArray(), [0, 2, 2, 0]);
    const erf = tensor([1]).gelu().item();
    eachCloseTo([erf], [0.8413447460685429], 1e-6);
  });
});

leakFree('arithmetic of two tensors, with broadcasting and in place', () => {
  scope(() => {
    const a = randn([3, 4], { dtype: 'float64' });
    const b = randn([4], { dtype: 'float64' });
    const [x, y] = [a.toArray(), b.toArray()];
    const zip = (f: (u: number, v: number) => number) => x.map((u, i) => f(u, y[i % 4]!));
    const pairs: [Tensor, (u: number, v: number) => number][] = [
      [a.add(b), (u, v) => u + v],
      [a.add(b, 2), (u, v) => u + 2 * v],
      [a.sub(b), (u, v) => u - v],
      [a.mul(b), (u, v) => u * v],
      [a.div(b), (u, v) => u / v],
      [a.abs().pow(b), (u, v) => Math.abs(u) ** v],
      [a.lt(b), (u, v) => Number(u < v)],
      [a.ge(b), (u, v) => Number(u >= v)],
      [a.eq(b), (u, v) => Number(u === v)],
      [a.clone().add_(b), (u, v) => u + v],
      [a.clone().sub_(b), (u, v) => u - v],
      [a.clone().mul_(b), (u, v) => u * v],
      [a.clone().div_(b), (u, v) => u / v],
      [a.clone().copy_(b), (_, v) => v],
      [a.clone().add_(1).sub_(3).mul_(2).div_(4), (u) => (u - 2) / 2],
      [a.clone().fill_(7), () => 7],
      [a.clone().zero_(), () => 0],
      [a.gt(0).logicalAnd(b.gt(0)), (u, v) => Number(u > 0 && v > 0)],
      [a.gt(0).logicalOr(b.gt(0)), (u, v) => Number(u > 0 || v > 0)],
      [a.gt(0).logicalNot(), (u) => Number(!(u > 0))],
      [a.maskedFill(b.gt(0), -9), (u, v) => (v > 0 ? -9 : u)],
    ];
    pairs.forEach(([found, f], i) => void eachCloseTo(found.toArray(), zip(f), 1e-12, `pair ${i}`));
  });
});

leakFree('matrix products against three loops', () => {
  scope(() => {
    const [n, k, m] = [3, 4, 5];
    const a = randn([2, n, k], { dtype: 'float64' });
    const b = randn([2, k, m], { dtype: 'float64' });
    const [x, y] = [a.toArray(), b.toArray()];
    const expected: number[] = [];
    for (let s = 0; s < 2; s++)
      for (let i = 0; i < n; i++)
        for (let j = 0; j < m; j++) {
          let sum = 0;
          for (let p = 0; p < k; p++) sum += x[(s * n + i) * k + p]! * y[(s * k + p) * m + j]!;
          expected.push(sum);
        }
    eachCloseTo(a.matmul(b).toArray(), expected, 1e-12);
    eachCloseTo(a.bmm(b).toArray(), expected, 1e-12);
  });
});

leakFree('reductions against plain numbers', () => {
  scope(() => {
    const t = randn([3, 4], { dtype: 'float64' });
    const rows = t.tolist() as number[][];
    const flat = t.toArray();
    const sum = (v: number[]) => v.reduce((p, q) => p + q, 0);
    const mean = (v: number[]) => sum(v) / v.length;
    const std = (v: number[], correction: number) =>
      Math.sqrt(sum(v.map((u) => (u - mean(v)) ** 2)) / (v.length - correction));
    const columns = rows[0]!.map((_, j) => rows.map((r) => r[j]!));
    eachCloseTo(
      [t.sum().item(), t.mean().item(), t.std().item(), t.std(undefined, 0).item()],
      [sum(flat), mean(flat), std(flat, 1), std(flat, 0)],
      1e-12,
    );
    eachCloseTo(t.sum(0).toArray(), columns.map(sum), 1e-12);
    eachCloseTo(t.sum([0, 1]).toArray(), [sum(flat)], 1e-12);
    eachCloseTo(t.mean(-1).toArray(), rows.map(mean), 1e-12);
    eachCloseTo(
      t.std(1, 0).toArray(),
      rows.map((r) => std(r, 0)),
      1e-12,
    );
    eachCloseTo(
      t.logsumexp(1).toArray(),
      rows.map((r) => Math.log(sum(r.map(Math.exp)))),
      1e-12,
    );
    eachCloseTo(
      [t.max().item(), t.min().item(), t.norm().item()],
      [Math.max(...flat), Math.min(...flat), Math.hypot(...flat)],
      1e-12,
    );
    eachCloseTo(
      t.amax(1).toArray(),
      rows.map((r) => Math.max(...r)),
    );
    eachCloseTo(
      t.amin(0).toArray(),
      columns.map((c) => Math.min(...c)),
    );
    eachCloseTo(
      t.argmax(1).toArray(),
      rows.map((r) => r.indexOf(Math.max(...r))),
    );
    assert.equal(t.argmin().item(), flat.indexOf(Math.min(...flat)));
    assert.deepEqual(t.sum(1, true).shape, [3, 1]);
    eachCloseTo(
      t.cumsum(1).toArray(),
      rows.flatMap((r) => r.map((_, j) => sum(r.slice(0, j + 1)))),
      1e-12,
    );
    const softmax = rows.flatMap((r) => r.map((v) => Math.exp(v) / sum(r.map(Math.exp))));
    eachCloseTo(t.softmax(-1).toArray(), softmax, 1e-12);
    eachCloseTo(t.logSoftmax(-1).toArray(), softmax.map(Math.log), 1e-12);
    assert.equal(t.to('float32').softmax(-1, 'float64').dtype, 'float64');
    const [values, indices] = t.sort(1, true);
    eachCloseTo(
      values.toArray(),
      rows.flatMap((r) => [...r].sort((p, q) => q - p)),
    );
    eachCloseTo(t.gather(1, indices).toArray(), values.toArray());
    const [top] = t.topk(2, 1);
    eachCloseTo(
      top.toArray(),
      rows.flatMap((r) => [...r].sort((p, q) => q - p).slice(0, 2)),
    );
    assert.deepEqual([t.gt(100).any().item(), t.lt(100).all().item()], [0, 1]);
    const strange = tensor([1, Number.NaN, Number.POSITIVE_INFINITY]);
    assert.deepEqual(
      [strange.isfinite().toArray(), strange.isnan().toArray()],
      [
        [1, 0, 0],
        [0, 1, 0],
      ],
    );
  });
});

leakFree('shapes and parts against index arithmetic', () => {
  scope(() => {
    const t = tensor(Array.from({ length: 24 }, (_, i) => i)).view(2, 3, 4);
    const at = (i: number, j: number, k: number) => (i * 3 + j) * 4 + k;
    const all = <T>(f: (i: number, j: number, k: number) => T, [a, b, c]: [number, number, number]) =>
      Array.from({ length: a * b * c }, (_, n) => f(Math.floor(n / (b * c)), Math.floor(n / c) % b, n % c));
    assert.deepEqual(
      [t.shape, t.dim, t.numel, t.size(-1), t.strides, t.isContiguous],
      [[2, 3, 4], 3, 24, 4, [12, 4, 1], true],
    );
    const p = t.permute(2, 0, 1);
    assert.deepEqual(
      [p.shape, p.strides, p.isContiguous, p.contiguous().isContiguous],
      [[4, 2, 3], [1, 12, 4], false, true],
    );
    assert.deepEqual(
      p.toArray(),
      all((k, i, j) => at(i, j, k), [4, 2, 3]),
    );
    assert.deepEqual(
      t.transpose(0, 1).toArray(),
      all((j, i, k) => at(i, j, k), [3, 2, 4]),
    );
    assert.deepEqual(t.flatten(1).shape, [2, 12]);
    assert.deepEqual(t.unflatten(2, [2, 2]).shape, [2, 3, 2, 2]);
    assert.deepEqual(t.unsqueeze(1).shape, [2, 1, 3, 4]);
    assert.deepEqual(t.unsqueeze(1).squeeze(1).shape, [2, 3, 4]);
    assert.deepEqual(t.reshape(-1, 6).shape, [4, 6]);
    assert.deepEqual(
      t.select(1, -1).toArray(),
      all((i, _, k) => at(i, 2, k), [2, 1, 4]),
    );
    assert.deepEqual(
      t.slice(2, 1, null, 2).toArray(),
      all((i, j, k) => at(i, j, 1 + 2 * k), [2, 3, 2]),
    );
    assert.deepEqual(
      t.narrow(1, 1, 2).toArray(),
      all((i, j, k) => at(i, j + 1, k), [2, 2, 4]),
    );
    assert.deepEqual(
      t.flip(0, 2).toArray(),
      all((i, j, k) => at(1 - i, j, 3 - k), [2, 3, 4]),
    );
    assert.deepEqual(
      t.roll([1], [2]).toArray(),
      all((i, j, k) => at(i, j, (k + 3) % 4), [2, 3, 4]),
    );
    assert.deepEqual(t.repeat(2, 1, 1).shape, [4, 3, 4]);
    assert.deepEqual(
      t.repeatInterleave(2, 0).toArray(),
      all((i, j, k) => at(i >> 1, j, k), [4, 3, 4]),
    );
    assert.deepEqual(t.select(0, 0).select(0, 0).expand(2, 4).toArray(), [0, 1, 2, 3, 0, 1, 2, 3]);
    const index = tensor([2, 0], { dtype: 'int64' });
    assert.deepEqual(
      t.indexSelect(1, index).toArray(),
      all((i, j, k) => at(i, [2, 0][j]!, k), [2, 2, 4]),
    );
    assert.deepEqual(t.index([null, index]).toArray(), t.indexSelect(1, index).toArray());
    assert.deepEqual(
      t.chunk(2, 2).map((c) => c.shape),
      [
        [2, 3, 2],
        [2, 3, 2],
      ],
    );
    assert.deepEqual(
      t.split(2, 1).map((c) => c.size(1)),
      [2, 1],
    );
    assert.deepEqual(
      t.split([1, 2], 1).map((c) => c.size(1)),
      [1, 2],
    );
    assert.deepEqual(
      t.unbind(1).map((c) => c.shape),
      [
        [2, 4],
        [2, 4],
        [2, 4],
      ],
    );
    const square = t.select(0, 0).narrow(1, 0, 3);
    assert.deepEqual(square.tril().tolist(), [
      [0, 0, 0],
      [4, 5, 0],
      [8, 9, 10],
    ]);
    assert.deepEqual(square.triu(1).tolist(), [
      [0, 1, 2],
      [0, 0, 6],
      [0, 0, 0],
    ]);
    assert.deepEqual(
      tensor([
        [1, 2],
        [3, 4],
      ]).tolist(),
      [
        [1, 2],
        [3, 4],
      ],
    );
  });
});
