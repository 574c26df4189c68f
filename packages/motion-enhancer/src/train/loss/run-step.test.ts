import assert from 'node:assert/strict';
import { join } from 'node:path';
import { scope } from '@motion-enhancer/libtorch';
import { leakFree } from '@motion-enhancer/libtorch/testing';
import { temporaryFolder } from '@motion-enhancer/support/testing';
import { Aligner } from '../../align/index.js';
import { loadVlm } from '../../vlm/families/load.js';
import { disposeSample, prepareSample } from '../data/prepared-sample.js';
import { OTHER_VIDEO, row, testRecipe, writeTestVlm } from '../testing.js';
import { accumulate, forget } from './run-step.js';

const dir = writeTestVlm(join(temporaryFolder(), 'vlm'));

leakFree('gradients of bfloat16 weights add up in float32 where that is asked for', async () => {
  const vlm = loadVlm(dir, { device: 'cpu', dtype: 'bfloat16', trainable: true });
  const { model } = vlm;
  const recipe = testRecipe();
  const items = [
    await prepareSample(vlm, row('a'), recipe, null),
    await prepareSample(vlm, row('b', { video: OTHER_VIDEO }), recipe, null),
  ];
  // The embedding is looked up and multiplied: its two parts meet within one sample as well.
  const parameters = [...model.parameters()].filter(([name]) => !name.includes('embed_tokens'));
  const aligner = new Aligner('identity', 0, 0, []);
  const gradients = (batch: typeof items, share: number, kind: 'weights' | 'float32') => {
    accumulate({ vlm, aligner, recipe: { ...recipe, gradients: kind }, grid: null }, batch, { ar: share, align: 0 });
    const found = parameters.map(([, p]) =>
      scope(() => ({ dtype: p.grad!.dtype, values: p.grad!.flatten().toArray() })),
    );
    forget([...model.parameters().values()]);
    return found;
  };
  const single = items.map((item) => gradients([item], 0.5, 'weights'));
  const [wide, narrow] = [gradients(items, 1, 'float32'), gradients(items, 1, 'weights')];
  let rounded = 0;
  parameters.forEach(([name], i) => {
    assert.deepEqual([wide[i]!.dtype, narrow[i]!.dtype], ['float32', 'bfloat16'], name);
    wide[i]!.values.forEach((value, k) => {
      const sum = Math.fround(single[0]![i]!.values[k]! + single[1]![i]!.values[k]!);
      assert.ok(Math.abs(value - sum) <= 1e-6 * Math.abs(sum), `${name}[${k}]: ${value} ${sum}`);
      if (narrow[i]!.values[k] !== sum) rounded++;
    });
  });
  assert.ok(rounded > 0, 'in bfloat16 sums are rounded');
  // Nothing to see: the tower has no gradient, and so no decay.
  const blind = await prepareSample(vlm, row('text', { media: [], video: '' }), recipe, null);
  accumulate({ vlm, aligner, recipe: { ...recipe, gradients: 'float32' }, grid: null }, [blind], { ar: 1, align: 0 });
  scope(() => {
    for (const [name, p] of parameters) assert.equal(p.grad === null, model.groupOf(name) !== 'llm', name);
  });
  forget([...model.parameters().values()]);
  [...items, blind].forEach(disposeSample);
  vlm.dispose();
});
