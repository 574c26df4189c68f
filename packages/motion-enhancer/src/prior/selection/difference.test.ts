import assert from 'node:assert/strict';
import { fromTypedArray, rand, type Tensor } from '@motion-enhancer/libtorch';
import { closeTo, tensorTest } from '@motion-enhancer/libtorch/testing';
import { bestShifts, latentDifference, shiftedDifference, tokenDifference } from './difference.js';

const SIDE = 14;
type Place = (t: number, y: number, x: number) => number;

/** Frames [F, 2, SIDE, SIDE] of a smooth texture, seen at `at`, and its negative. */
function video(frames: number, value: Place): Tensor {
  const out = new Float32Array(frames * 2 * SIDE * SIDE);
  for (let t = 0, i = 0; t < frames; t++)
    for (const sign of [1, -1])
      for (let y = 0; y < SIDE; y++) for (let x = 0; x < SIDE; x++) out[i++] = sign * value(t, y, x);
  return fromTypedArray(out, [frames, 2, SIDE, SIDE]);
}

const texture = (y: number, x: number): number => Math.sin(0.7 * x + 0.2 * y) + Math.cos(0.6 * y - 0.25 * x);
/** Something small and bright in one place. */
const blob = (y: number, x: number): number => 3 * Math.exp(-(y ** 2 + x ** 2) / 2);

tensorTest('the difference is the mean over channels of |z[t + 1] − z[t]|', () => {
  const z = rand([3, 2, 2, 2]);
  const at = z.toArray();
  const value = (t: number, c: number, i: number) => at[(t * 2 + c) * 4 + i]!;
  const byHand = [0, 1].flatMap((t) =>
    [0, 1, 2, 3].map((i) => [0, 1].reduce((sum, c) => sum + Math.abs(value(t + 1, c, i) - value(t, c, i)) / 2, 0)),
  );
  closeTo(latentDifference(z), byHand, 1e-6);
});

tensorTest('shift and zoom of every pair of frames are found, and what they explain is gone', () => {
  const still = video(4, (_t, y, x) => texture(y, x));
  assert.deepEqual(
    bestShifts(still),
    Array.from({ length: 3 }, () => ({ zoom: 0, x: 0, y: 0 })),
  );
  const steps = [
    { x: 2, y: -1, zoom: 0 },
    { x: -1.25, y: 0.5, zoom: 0 },
    { x: 0, y: 0, zoom: 0.06 },
  ];
  for (const { x: dx, y: dy, zoom } of steps) {
    const middle = (SIDE - 1) / 2;
    const seen = (place: number, shift: number, t: number) =>
      middle + (place - t * shift - middle) * Math.exp(-zoom * t);
    const moved = video(2, (t, y, x) => texture(seen(y, dy, t), seen(x, dx, t)));
    const [found] = bestShifts(moved);
    assert.ok(Math.abs(found!.x - dx) < 0.1 && Math.abs(found!.y - dy) < 0.1, JSON.stringify(found));
    assert.ok(Math.abs(found!.zoom - zoom) < 0.012, JSON.stringify(found));
    const [plain, rest] = [latentDifference(moved), shiftedDifference(moved)].map((d) => d.mean().item());
    assert.ok(rest! < 0.3 * plain!, `${rest} of ${plain}`);
  }
});

tensorTest('what moves by itself stays; what comes into view is 0', () => {
  const moved = video(2, (t, y, x) => texture(y, x - 2 * t) + blob(y - 7, x - (6 - 2 * t)));
  const [plain, rest] = [latentDifference(moved), shiftedDifference(moved)].map((d) => d.squeeze(0));
  assert.equal(rest!.narrow(1, 0, 2).abs().max().item(), 0, 'two columns that the earlier frame does not show');
  const near = (d: Tensor) => d.narrow(0, 5, 5).narrow(1, 2, 8).sum().item() / d.sum().item();
  assert.ok(near(rest!) > 0.95, `${near(rest!)}`);
  assert.ok(near(plain!) < 0.5, `${near(plain!)}`);
});

tensorTest('things at two depths are not explained by one shift', () => {
  const at = (t: number, y: number, x: number) => texture(y, x - t) + blob(y - 7, x - (5 + 3 * t));
  const rest = shiftedDifference(video(2, at)).squeeze(0);
  assert.ok(rest.narrow(0, 5, 5).narrow(1, 3, 8).sum().item() > 0.9 * rest.sum().item());
});

tensorTest('a token has the mean of the differences before, in and after its frames, over its cells', () => {
  const difference = rand([5, 4, 2]); // six frames
  const tokens = tokenDifference(difference, { time: 2, space: 2 });
  const at = difference.toArray();
  const cell = (pairs: number[], row: number) => {
    const values = pairs.flatMap((p) => [0, 1, 2, 3].map((i) => at[p * 8 + row * 4 + i]!));
    return values.reduce((a, b) => a + b, 0) / values.length;
  };
  assert.deepEqual(tokens.shape, [3, 2, 1]);
  const pairs = [
    [0, 1],
    [1, 2, 3],
    [3, 4],
  ];
  closeTo(
    tokens,
    pairs.flatMap((of) => [cell(of, 0), cell(of, 1)]),
    1e-6,
  );
  closeTo(tokenDifference(difference, { time: 1, space: 1 }).select(0, 0), difference.select(0, 0), 1e-7);
});
