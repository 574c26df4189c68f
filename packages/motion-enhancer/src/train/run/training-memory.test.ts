import assert from 'node:assert/strict';
import { zeros } from '@motion-enhancer/libtorch';
import { tensorTest } from '@motion-enhancer/libtorch/testing';
import { checkFits, planTrainingMemory, trainingMemory } from './training-memory.js';

tensorTest('what a run holds: 16 bytes a bfloat16 weight that learns, 16 a float32 one, frozen ones their own', () => {
  const half = zeros([100]).to('bfloat16').requiresGrad_();
  const wide = zeros([10]).requiresGrad_();
  const frozen = zeros([7]).to('bfloat16');
  const parameters = [half, wide, frozen];
  assert.deepEqual(trainingMemory(parameters, { gradients: 'weights' }), {
    weights: 200 + 40 + 14,
    masters: 400,
    moments: 800 + 80,
    gradients: 200 + 40,
  });
  assert.equal(trainingMemory(parameters, { gradients: 'float32' }).gradients, 400 + 40);
  assert.equal(planTrainingMemory(parameters, { gradients: 'weights' }, 'cpu'), null);
});

tensorTest('a run that a GPU cannot hold is refused with its parts', () => {
  const GiB = 2 ** 30;
  // Qwen2.5-VL-7B
  const weights = 8.29e9;
  const memory = { weights: 2 * weights, masters: 4 * weights, moments: 8 * weights, gradients: 2 * weights };
  assert.match(
    checkFits(memory, 139.8 * GiB, 'cuda:0'),
    /weights 15\.4.*: 123\.5 of the GPU's 139\.8 GiB before activations/,
  );
  assert.throws(() => checkFits(memory, 79.2 * GiB, 'cuda:0'), {
    name: 'UserError',
    code: 'ERR_MEMORY',
    message: /fits cuda:0.*123\.5 of the GPU's 79\.2 GiB.*Freeze parts/,
  });
});
