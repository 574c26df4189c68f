import { Rng } from './rng.js';
import type { Background } from './scene.js';

/** A texture of size × size × 3 that joins at its edges. */
export function backgroundTexture({ kind, colours, waves, seed }: Background, size: number): Uint8Array {
  const [a, b] = colours;
  const amount = LEVELS[kind](waves, new Rng(seed));
  const out = new Uint8Array(size * size * 3);
  for (let y = 0, at = 0; y < size; y++) {
    for (let x = 0; x < size; x++) {
      const level = amount((x + 0.5) / size, (y + 0.5) / size);
      for (let c = 0; c < 3; c++) out[at++] = a[c]! + (b[c]! - a[c]!) * level + 0.5;
    }
  }
  return out;
}

type Level = (x: number, y: number) => number;

const TURN = 2 * Math.PI;

/** Share of the second colour at a place of [0, 1)². */
const LEVELS: Readonly<Record<Background['kind'], (waves: readonly [number, number], rng: Rng) => Level>> = {
  clouds: (_waves, rng) => {
    const values = Float64Array.from({ length: 64 }, () => rng.between(0, 1));
    return (x, y) => latticeValue(values, x * 8, y * 8);
  },
  waves:
    ([i, j]) =>
    (x, y) =>
      0.5 + 0.5 * Math.sin(TURN * (i * x + j * y)),
  checks:
    ([i, j]) =>
    (x, y) =>
      soft(Math.sin(TURN * i * x) * Math.sin(TURN * j * y), 3),
  dots:
    ([i, j]) =>
    (x, y) =>
      soft(Math.cos(TURN * i * x) * Math.cos(TURN * j * y) - 0.45, 4),
};

const soft = (value: number, steep: number): number => Math.min(1, Math.max(0, 0.5 + steep * value));

/** Smooth values between the points of an 8 × 8 lattice that repeats. */
function latticeValue(values: Float64Array, x: number, y: number): number {
  const x0 = Math.floor(x);
  const y0 = Math.floor(y);
  const smooth = (t: number) => t * t * (3 - 2 * t);
  const u = smooth(x - x0);
  const v = smooth(y - y0);
  const at = (i: number, j: number) => values[(j & 7) * 8 + (i & 7)]!;
  const top = at(x0, y0) + (at(x0 + 1, y0) - at(x0, y0)) * u;
  const bottom = at(x0, y0 + 1) + (at(x0 + 1, y0 + 1) - at(x0, y0 + 1)) * u;
  return top + (bottom - top) * v;
}
