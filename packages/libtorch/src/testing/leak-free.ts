import assert from 'node:assert/strict';
import { test } from 'node:test';
import { liveTensors } from '../scope.js';

/** A test that fails when it leaves tensors behind. */
export function leakFree(name: string, body: () => void | Promise<void>): void {
  test(name, async () => {
    const before = liveTensors();
    await body();
    assert.equal(liveTensors(), before, 'live tensors after the test');
  });
}
