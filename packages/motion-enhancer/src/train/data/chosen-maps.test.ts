import assert from 'node:assert/strict';
import { rand, stack, tensor, zeros } from '@motion-enhancer/libtorch';
import { closeTo, tensorTest } from '@motion-enhancer/libtorch/testing';
import { focusOf } from '../../prior/selection/focus.js';
import type { Prior } from '../../prior/store/prior.js';
import { chosenMaps, gateWeight } from './chosen-maps.js';

const head = (rank: number) => ({ dfc: 0, tcs: 0, dsr: 0, score: 0, rank, kept: true });

function priorOf(): Prior {
  const heads = rand([4, 3, 2, 2, 2]);
  // Ranks are not in the order of the heads.
  const info = { id: 'a', heads: [head(2), head(0), head(3), head(1)] } as unknown as Prior['info'];
  return { info, rows_WFHW: rand([3, 2, 2, 2]), allHeads_WFHW: heads.mean(0), heads_UWFHW: heads };
}

tensorTest('one store of priors gives the maps of any head selection', () => {
  const prior = priorOf();
  const each = prior.heads_UWFHW!.flatten(2);
  closeTo(chosenMaps(prior, { heads: 'kept' }).flatten(), prior.rows_WFHW.flatten(), 0);
  closeTo(chosenMaps(prior, { heads: 'all' }).flatten(), each.mean(0).flatten(), 1e-6);
  closeTo(chosenMaps(prior, { heads: 'ratio', headRatio: 1 }).flatten(), each.mean(0).flatten(), 1e-6);
  const best = stack([each.select(0, 1), each.select(0, 3)]).mean(0);
  closeTo(chosenMaps(prior, { heads: 'ratio', headRatio: 0.5 }).flatten(), best.flatten(), 1e-6);
  closeTo(chosenMaps(prior, { heads: 'ratio', headRatio: 0 }).flatten(), each.select(0, 1).flatten(), 1e-6);
  assert.throws(() => chosenMaps({ ...prior, heads_UWFHW: null }, { heads: 'ratio' }), {
    name: 'UserError',
    message: /keep-heads/,
  });
});

tensorTest('a prior weighs by how focused it is: 0 uniform, 1 a single cell, whatever its sum', () => {
  const single = zeros([2, 16]);
  single.select(1, 5).fill_(0.03);
  closeTo(focusOf(single).mean(), [1], 1e-12);
  assert.ok(
    Math.abs(
      focusOf(rand([1, 1]).expand(2, 64))
        .mean()
        .item(),
    ) < 1e-9,
  );
  // Half of the cells: entropy ln 8 of ln 16.
  const half = tensor([...new Array<number>(8).fill(0.2), ...new Array<number>(8).fill(0)], { shape: [1, 16] });
  closeTo(focusOf(half).mean(), [0.25], 1e-6);
  closeTo([gateWeight(half, 0.5), gateWeight(half, 0.25), gateWeight(half, 0.1)], [0.5, 1, 1], 1e-6);
});
