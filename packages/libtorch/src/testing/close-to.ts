import assert from 'node:assert/strict';

/** Every number within `tolerance`, absolute for small numbers and relative for large ones; NaN equals NaN. */
export function closeTo(actual: ArrayLike<number>, expected: ArrayLike<number>, tolerance = 1e-5, what = ''): void {
  assert.equal(actual.length, expected.length, `${what} length`);
  for (let i = 0; i < actual.length; i++) {
    const [a, b] = [actual[i]!, expected[i]!];
    if (Object.is(a, b) || a === b) continue;
    assert.ok(Math.abs(a - b) <= tolerance * Math.max(1, Math.abs(b)), `${what}[${i}]: ${a} but expected ${b}`);
  }
}
