import assert from 'node:assert/strict';
import { test } from 'node:test';
import { liveTensors } from '../scope.js';

/** A test that fails when it leaves tensors behind; it keeps them in scopes itself, so its body may `await`. */
export function leakFree(name: string, body: () => void | Promise<void>, skip: string | false = false): void {
  test(name, { skip }, async () => {
    const before = liveTensors();
    await body();
    assert.equal(liveTensors(), before, 'live tensors after the test');
  });
}
