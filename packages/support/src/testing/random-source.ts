import { randomSource as seededSource } from '../random-source.js';

/** What tests draw from. */
export interface RandomSource {
  /** In [0, 1). */
  next(): number;
  /** A whole number in [0, n). */
  below(n: number): number;
  pick<T>(items: readonly T[]): T;
  /** Of the standard normal distribution. */
  normal(): number;
}

/** A seeded stream of random numbers (mulberry32); `freshSeed` tells the seed of a failure, so that it can be run again. */
export function randomSource(seed: number): RandomSource {
  const next = seededSource(seed);
  const below = (n: number) => Math.floor(next() * n);
  return {
    next,
    below,
    pick: (items) => items[below(items.length)]!,
    normal: () => Math.sqrt(-2 * Math.log(1 - next())) * Math.cos(2 * Math.PI * next()),
  };
}
