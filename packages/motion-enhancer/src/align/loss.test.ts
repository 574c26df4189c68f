import assert from 'node:assert/strict';
import { grad, rand, type Tensor, tensor } from '@motion-enhancer/libtorch';
import { closeTo, tensorTest } from '@motion-enhancer/libtorch/testing';
import { type AlignmentLoss, alignmentLoss } from './loss.js';

const rows = (values: number[][], requiresGrad = false): Tensor => tensor(values, { dtype: 'float64', requiresGrad });

tensorTest('the norm over all words and cells, un-squared by default', () => {
  const [ours, prior] = [
    rows([
      [1, 2],
      [3, 4],
    ]),
    rows([
      [1, 0],
      [1, 3],
    ]),
  ];
  closeTo(alignmentLoss(ours, prior), [3], 1e-12); // √(0 + 4 + 4 + 1)
  closeTo(alignmentLoss(ours, prior, 'squared'), [9], 1e-12);
  assert.deepEqual(alignmentLoss(ours, prior).shape, []);
});

tensorTest('the norm’s gradient has unit length at any scale; the square’s shrinks with the entries', () => {
  for (const scale of [1, 1e-4, 1e-8]) {
    const ours = rand([3, 7], { dtype: 'float32' }).mul(scale).detach().requiresGrad_();
    const prior = rand([3, 7]).mul(scale);
    const length = (kind: AlignmentLoss) =>
      grad([alignmentLoss(ours, prior, kind)], [ours])[0]!
        .norm()
        .item();
    closeTo([length('norm')], [1], 1e-3, `scale ${scale}`);
    assert.ok(length('squared') < 10 * scale);
  }
});

tensorTest('equal maps: loss next to zero, gradient zero and finite', () => {
  for (const dtype of ['float32', 'float64'] as const) {
    const ours = rand([2, 5], { dtype, requiresGrad: true });
    for (const kind of ['norm', 'squared', 'min-max'] as const) {
      const loss = alignmentLoss(ours, ours.detach(), kind);
      assert.ok(loss.item() <= 1e-12, kind);
      const [gradient] = grad([loss], [ours]);
      assert.deepEqual(gradient!.abs().max().item(), 0, `${kind} ${dtype}`);
    }
  }
});

tensorTest('min-max: each row of both is stretched to [0, 1]; mean square; constant rows do no harm', () => {
  const prior = rows([
    [0, 1, 4],
    [2, 2, 6],
  ]);
  const stretched = rows([
    [10, 12.5, 20],
    [-1, -1, 1],
  ]); // the same up to shift and scale
  closeTo([1 + alignmentLoss(stretched, prior, 'min-max').item()], [1], 1e-12);
  const other = rows([
    [4, 1, 0],
    [0, 0, 1],
  ]); // [1, .25, 0] against [0, .25, 1]
  closeTo(alignmentLoss(other, prior, 'min-max'), [2 / 6], 1e-12);
  const flat = rows(
    [
      [3, 3, 3],
      [1, 2, 3],
    ],
    true,
  );
  const loss = alignmentLoss(flat, prior, 'min-max');
  assert.ok(Number.isFinite(loss.item()));
  assert.ok(grad([loss], [flat])[0]!.isfinite().all().item() === 1);
});

tensorTest('many samples at once: each has the loss that it has alone, bit for bit, and no other’s gradient', () => {
  const [ours, prior] = [rand([3, 2, 4, 7]).requiresGrad_(), rand([3, 2, 4, 7])];
  for (const kind of ['norm', 'squared', 'min-max'] as const) {
    const losses = alignmentLoss(ours, prior, kind);
    assert.deepEqual(losses.shape, [3, 2], kind);
    const [gradient] = grad([losses.select(0, 1).sum()], [ours]);
    for (const [r, b] of [
      [0, 1],
      [1, 0],
      [1, 1],
      [2, 0],
    ] as const) {
      const at = (x: Tensor) => x.select(0, r).select(0, b).contiguous();
      const alone = at(ours).detach().requiresGrad_();
      const loss = alignmentLoss(alone, at(prior), kind);
      assert.equal(losses.select(0, r).select(0, b).item(), loss.item(), kind);
      const own = grad([loss], [alone])[0]!;
      const values = (x: Tensor) => x.toArray().map((value) => value + 0); // -0 is 0
      assert.deepEqual(values(at(gradient!)), values(r === 1 ? own : own.mul(0)), kind);
    }
  }
});
