import assert from 'node:assert/strict';
import { test } from 'node:test';
import { lastSteps } from './pass-fields.js';

test('the last two steps, or the last one of two, are averaged apart; no more than there are', () => {
  const unsaid = [1, 2, 3, 5, 50].map((steps) => lastSteps({ steps, last: null }));
  assert.deepEqual(unsaid, [1, 1, 2, 2, 2]);
  assert.deepEqual([lastSteps({ steps: 5, last: 4 }), lastSteps({ steps: 2, last: 2 })], [4, 2]);
  assert.throws(() => lastSteps({ steps: 2, last: 3 }), {
    code: 'ERR_VALUE',
    message: 'Expected at most 2, the number of steps, for last but received 3.',
  });
});
