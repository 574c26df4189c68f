import assert from 'node:assert/strict';
import { inspect } from 'node:util';
import { arange, randn, scope, tensor, zeros } from './index.js';
import { leakFree } from './testing/leak-free.js';

leakFree('tensors print their values, shape and dtype', () => {
  scope(() => {
    assert.equal(String(tensor(2.5)), 'tensor(2.5000, shape [], float32)');
    assert.equal(
      inspect(
        tensor(
          [
            [1, -2],
            [3, 40],
          ],
          { dtype: 'int64' },
        ),
      ),
      'tensor([[ 1, -2],\n        [ 3, 40]], shape [2, 2], int64)',
    );
    assert.match(String(tensor([true, false])), /true, false.*bool/);
    assert.match(String(tensor([Number.NaN, Number.NEGATIVE_INFINITY])), /NaN.*-Infinity/);
    assert.match(String(tensor([1e-9, 1e9])), /1\.0000e-9.*1\.0000e\+9/);
    assert.match(String(zeros([0, 3])), /shape \[0, 3\]/);
    assert.match(String(randn([2], { requiresGrad: true })), /requiresGrad/);
    const freed = zeros([1]);
    freed.dispose();
    assert.equal(String(freed), 'Tensor(freed)');
  });
});

leakFree('large tensors show their edges', () => {
  scope(() => {
    const text = String(arange(0, 10_000).view(100, 100));
    assert.match(text, /^tensor\(\[\[ {3}0, {4}1, {4}2, …, {3}97, {3}98, {3}99\]/);
    assert.match(text, /9997, 9998, 9999\]\], shape \[100, 100\], int64\)$/);
    assert.ok(text.length < 1000);
  });
});
