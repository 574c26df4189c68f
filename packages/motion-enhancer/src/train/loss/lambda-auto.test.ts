import assert from 'node:assert/strict';
import { test } from 'node:test';
import { balanced } from '../data/balance.js';
import { lambdaOfFlags, lambdaOfSettings } from './lambda-auto.js';

test('lambda: auto:R, in files and on the command line', () => {
  assert.deepEqual(lambdaOfSettings({ lambda: 'auto:0.25', lr: 1 }), { lambdaRatio: 0.25, lr: 1 });
  assert.deepEqual(lambdaOfSettings({ lambda: 3 }), { lambda: 3 });
  assert.deepEqual(lambdaOfFlags(['--lambda', 'auto:1', '--lr', '2']), ['--lambda-ratio', '1', '--lr', '2']);
  assert.deepEqual(lambdaOfFlags(['--lr=2', '--lambda=auto:0.5']), ['--lr=2', '--lambda-ratio', '0.5']);
  assert.deepEqual(lambdaOfFlags(['--lambda', '0.5']), ['--lambda', '0.5']);
  for (const wrong of ['auto:', 'auto:x', 'auto:0', 'auto:-1', 'auto:Infinity'])
    assert.throws(() => lambdaOfSettings({ lambda: wrong }), { name: 'UserError' }, wrong);
});

test('λ goes to its goal at once, then half the way in its logarithm; what is no number leaves it', () => {
  assert.equal(balanced(1, 0.01, 0.5, true), 50);
  assert.ok(Math.abs(balanced(8, 0.25, 0.5, false) - 4) < 1e-12, 'between 8 and 2');
  let lambda = 1;
  for (let i = 0; i < 20; i++) lambda = balanced(lambda, 0.02, 0.1, false);
  assert.ok(Math.abs(lambda - 5) < 1e-4, `${lambda}`);
  for (const ratio of [0, Number.NaN, Number.POSITIVE_INFINITY]) assert.equal(balanced(7, ratio, 0.5, false), 7);
  assert.equal(balanced(0, 0.5, 1, false), 2);
});
