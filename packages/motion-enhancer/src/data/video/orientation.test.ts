import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { freshSeed, randomSource } from '@motion-enhancer/support/testing';
import { orientationFromMatrix, orientRgb, UPRIGHT } from './orientation.js';

const RANDOM = randomSource(freshSeed());

const ONE = 0x10000;
const matrix = (a: number, b: number, c: number, d: number) =>
  new Uint8Array(Int32Array.from([a, b, 0, c, d, 0, 0, 0, 0x40000000]).buffer);

/** Oracle: moves every pixel's corner-free centre by x' = a·x + c·y, y' = b·x + d·y and shifts the result to start at 0. */
function moved(source: Uint8Array, width: number, height: number, [a, b, c, d]: number[]): Uint8Array {
  const points: { x: number; y: number; rgb: number[] }[] = [];
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const rgb = [...source.subarray((y * width + x) * 3, (y * width + x) * 3 + 3)];
      points.push({ x: a! * x + c! * y, y: b! * x + d! * y, rgb });
    }
  }
  points.sort((p, q) => p.y - q.y || p.x - q.x);
  return Uint8Array.from(points.flatMap(({ rgb }) => rgb));
}

describe('orientation', () => {
  const turns: [number, number[]][] = [
    [0, [1, 0, 0, 1]],
    [-90, [0, 1, -1, 0]],
    [-180, [-1, 0, 0, -1]],
    [90, [0, -1, 1, 0]],
    [-180, [-1, 0, 0, 1]],
    [0, [1, 0, 0, -1]],
    [-90, [0, 1, 1, 0]],
    [90, [0, -1, -1, 0]],
  ];
  for (const [rotation, signs] of turns) {
    it(`shows the display matrix [${signs}] as a point-by-point move does`, () => {
      const [width, height] = [5, 3];
      const source = Uint8Array.from({ length: width * height * 3 }, () => RANDOM.below(256));
      const [a, b, c, d] = signs.map((sign) => sign * ONE) as [number, number, number, number];
      const orientation = orientationFromMatrix(matrix(a, b, c, d));
      const target = new Uint8Array(source.length);
      orientRgb(source, width, height, orientation, target);
      assert.deepEqual(target, moved(source, width, height, signs));
      assert.equal(orientation.rotation, rotation);
      assert.equal(orientation.swap, signs[0] === 0);
    });
  }

  it('ignores the scale of a matrix, and takes none, a short or a zero one as upright', () => {
    assert.deepEqual(
      orientationFromMatrix(matrix(0, 3 * ONE, -2 * ONE, 0)),
      orientationFromMatrix(matrix(0, ONE, -ONE, 0)),
    );
    for (const none of [null, new Uint8Array(12), matrix(0, 0, 0, 0)])
      assert.deepEqual(orientationFromMatrix(none), UPRIGHT);
  });
});
