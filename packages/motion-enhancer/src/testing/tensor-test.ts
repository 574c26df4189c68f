import assert from 'node:assert/strict';
import { test } from 'node:test';
import { cuda, liveTensors, scope } from '@motion-enhancer/libtorch';

/** A test that makes tensors: it runs in a scope of its own and fails when it leaves one behind. */
export function tensorTest(name: string, body: () => void, skip: string | false = false): void {
  test(name, { skip }, () => {
    const before = liveTensors();
    scope(body);
    assert.equal(liveTensors(), before, 'live tensors after the test');
  });
}

/** The same where there is an NVIDIA GPU; elsewhere it is skipped by name. */
export const gpuTest = (name: string, body: () => void): void =>
  tensorTest(name, body, cuda().count > 0 ? false : 'no NVIDIA GPU on this machine');

/** The same for a test with `await` in it, which keeps its tensors in scopes itself. */
export function tensorTestAsync(name: string, body: () => Promise<void>): void {
  test(name, async () => {
    const before = liveTensors();
    await body();
    assert.equal(liveTensors(), before, 'live tensors after the test');
  });
}
