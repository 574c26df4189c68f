import assert from 'node:assert/strict';
import { test } from 'node:test';
import { backward, liveTensors, randn, scope } from '@motion-enhancer/libtorch';
import { visionMlp } from './vision-mlp.js';

test('a hidden width that is widened with zeros gives the same outputs and gradients', () => {
  const before = liveTensors();
  scope(() => {
    const leaf = (...shape: number[]) => randn(shape, { dtype: 'float64' }).requiresGrad_();
    for (const width of [20, 60, 68, 64]) {
      const linear = (out: number, inputs: number) => ({ weight: leaf(out, inputs), bias: leaf(out) });
      const weights = { gate_proj: linear(width, 6), up_proj: linear(width, 6), down_proj: linear(5, width) };
      const x = leaf(7, 6);
      const leaves = [x, ...Object.values(weights).flatMap(({ weight, bias }) => [weight, bias])];
      const pull = randn([7, 5], { dtype: 'float64' });
      const [plain, wide] = [false, true].map((widen) => {
        const y = visionMlp(x, weights, widen);
        assert.deepEqual(y.shape, [7, 5]);
        backward([y], { gradOutputs: [pull] });
        const gradients = leaves.map((p) => p.grad!.clone());
        for (const p of leaves) p.grad = null;
        return [y, ...gradients];
      });
      plain!.forEach((value, i) => {
        assert.deepEqual(wide![i]!.shape, value.shape);
        assert.ok(wide![i]!.sub(value).abs().max().item() < 1e-12);
      });
    }
  });
  assert.equal(liveTensors(), before);
});
