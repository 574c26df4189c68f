import assert from 'node:assert/strict';
import type { Tensor } from '@motion-enhancer/libtorch';

const numbers = (x: ArrayLike<number> | Tensor): ArrayLike<number> => ('slot' in x ? x.toArray() : x);

/** Every |a − b| is at most `relative` times the largest |b|; NaN never passes. */
export function closeTo(
  actual: ArrayLike<number> | Tensor,
  expected: ArrayLike<number> | Tensor,
  relative: number,
  what = 'values',
): void {
  const [a, b] = [numbers(actual), numbers(expected)];
  assert.equal(a.length, b.length, `${what}: length`);
  let scale = 0;
  for (let i = 0; i < b.length; i++) scale = Math.max(scale, Math.abs(b[i]!));
  for (let i = 0; i < b.length; i++) {
    const error = Math.abs(a[i]! - b[i]!);
    assert.ok(error <= relative * scale, `${what}[${i}]: ${a[i]} but expected ${b[i]} (scale ${scale})`);
  }
}
