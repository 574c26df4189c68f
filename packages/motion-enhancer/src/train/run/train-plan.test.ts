import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { temporaryFolder } from '@motion-enhancer/support/testing';
import { loadVlm } from '../../vlm/families/load.js';
import { freezeParts } from '../optim/groups.js';
import { testRecipe, writeTestVlm } from '../testing.js';
import { trainPlan } from './train-plan.js';
import { trainingMemory } from './training-memory.js';

const dir = writeTestVlm(join(temporaryFolder(), 'vlm'));

test('a rank alone holds what the loaded model says; shards are its parts', () => {
  for (const [dtype, freeze] of [
    ['bfloat16', []],
    ['float32', ['vision']],
  ] as const) {
    const recipe = testRecipe({ freeze: [...freeze], gradients: 'float32' });
    const { plans, learned, parameters } = trainPlan(dir, recipe, dtype, [1, 8]);
    const vlm = loadVlm(dir, { device: 'cpu', dtype, trainable: true });
    freezeParts(vlm.model, recipe.freeze);
    const { weights, masters, moments, gradients } = trainingMemory(vlm.model.parameters().values(), recipe);
    const [alone, , , full] = plans;
    assert.deepEqual(alone, {
      ...{ ranks: 1, sharding: 'none', weights, masters, moments, gradients },
      total: weights + masters + moments + gradients,
    });
    assert.deepEqual(
      plans.map((plan) => [plan.ranks, plan.sharding]),
      [
        [1, 'none'],
        [8, 'none'],
        [8, 'optimizer'],
        [8, 'full'],
      ],
    );
    assert.equal(full!.moments, (8 * learned) / 8);
    assert.equal(full!.masters, (4 * learned) / 8);
    assert.equal(parameters === learned, freeze.length === 0);
    vlm.dispose();
  }
});
