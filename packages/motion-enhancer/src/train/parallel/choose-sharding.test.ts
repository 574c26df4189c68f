import assert from 'node:assert/strict';
import { test } from 'node:test';
import { chooseSharding, shardedMemory } from './choose-sharding.js';

const GB = 1e9;
/** bfloat16 weights, gradients in their dtype. */
const ofBillions = (n: number) => ({
  weights: 2 * n * GB,
  masters: 4 * n * GB,
  moments: 8 * n * GB,
  gradients: 2 * n * GB,
});

test('the least sharding that fits: 7B on 8 × 80 GB, 4 × 80 GB and 1 × 141 GB', () => {
  assert.equal(chooseSharding(ofBillions(7), 1, 141 * GB), 'none');
  assert.equal(chooseSharding(ofBillions(3), 8, 80 * GB), 'none');
  assert.equal(chooseSharding(ofBillions(7), 8, 80 * GB), 'optimizer');
  assert.equal(chooseSharding(ofBillions(8.3), 2, 80 * GB), 'full');
  assert.equal(chooseSharding(ofBillions(72), 64, 80 * GB), 'full');
  assert.equal(chooseSharding(ofBillions(7), 2, null), 'none');
});

test('full sharding: 16 bytes a parameter over the ranks', () => {
  const { weights, masters, moments, gradients } = shardedMemory(ofBillions(7), 'full', 8);
  assert.equal(weights + masters + moments + gradients, (16 * 7 * GB) / 8);
});
