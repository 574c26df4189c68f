import assert from 'node:assert/strict';
import { type Numbers, numbersOf } from './numbers.js';

/** Every |a − b| is at most `relative` times the largest |b|; NaN never passes. See `eachCloseTo` for entries by themselves. */
export function closeTo(actual: Numbers, expected: Numbers, relative: number, what = 'values'): void {
  const [a, b] = [numbersOf(actual), numbersOf(expected)];
  assert.equal(a.length, b.length, `${what}: length`);
  let scale = 0;
  for (let i = 0; i < b.length; i++) scale = Math.max(scale, Math.abs(b[i]!));
  for (let i = 0; i < b.length; i++) {
    const error = Math.abs(a[i]! - b[i]!);
    assert.ok(error <= relative * scale, `${what}[${i}]: ${a[i]} but expected ${b[i]} (scale ${scale})`);
  }
}
