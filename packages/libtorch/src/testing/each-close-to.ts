import assert from 'node:assert/strict';
import { type Numbers, numbersOf } from './numbers.js';

/** Every |a − b| is at most `tolerance` · max(1, |b|), each entry by itself; infinities and NaN equal themselves. */
export function eachCloseTo(actual: Numbers, expected: Numbers, tolerance = 1e-5, what = 'values'): void {
  const [found, wanted] = [numbersOf(actual), numbersOf(expected)];
  assert.equal(found.length, wanted.length, `${what}: length`);
  for (let i = 0; i < found.length; i++) {
    const [a, b] = [found[i]!, wanted[i]!];
    if (Object.is(a, b) || a === b) continue;
    assert.ok(Math.abs(a - b) <= tolerance * Math.max(1, Math.abs(b)), `${what}[${i}]: ${a} but expected ${b}`);
  }
}
