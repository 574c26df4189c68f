import { randomSource as seededSource } from '../random-source.js';

/** A seeded stream of random numbers (mulberry32); the seed is in the test's name, so that a failure can be run again. */
export function randomSource(seed: number): { next(): number; below(n: number): number; normal(): number } {
  const next = seededSource(seed);
  return {
    next,
    below: (n) => Math.floor(next() * n),
    normal: () => Math.sqrt(-2 * Math.log(1 - next())) * Math.cos(2 * Math.PI * next()),
  };
}

/** A new seed each run, or that of the environment: TEST_SEED=123. */
export const freshSeed = (): number => Number(process.env.TEST_SEED ?? Math.floor(Math.random() * 2 ** 31));
