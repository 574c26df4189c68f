import { randomSource } from '@motion-enhancer/support';

/** Seeded choices: the same seed gives the same ones everywhere. */
export class Rng {
  readonly #next: () => number;

  constructor(seed: number) {
    this.#next = randomSource(scrambled(seed));
  }

  /** From 0 to below n. */
  below(n: number): number {
    return Math.floor(this.#next() * n);
  }
  between(low: number, high: number): number {
    return low + this.#next() * (high - low);
  }
  chance(probability: number): boolean {
    return this.#next() < probability;
  }
  pick<T>(list: readonly T[]): T {
    return list[this.below(list.length)]!;
  }
  /** A copy in random order (Fisher–Yates). */
  shuffled<T>(list: readonly T[]): T[] {
    const copy = [...list];
    for (let i = copy.length - 1; i > 0; i--) {
      const j = this.below(i + 1);
      [copy[i], copy[j]] = [copy[j]!, copy[i]!];
    }
    return copy;
  }
  /** The first of pairs [what, share] whose shares, added up, pass a draw. */
  weighted<T>(shares: readonly (readonly [T, number])[]): T {
    let left = this.#next() * shares.reduce((sum, [, share]) => sum + share, 0);
    for (const [what, share] of shares) {
      left -= share;
      if (left < 0) return what;
    }
    return shares.at(-1)![0];
  }
}

/** One-to-one on 32 bits: neighbours come far apart, and no two seeds meet. */
function scrambled(seed: number): number {
  let h = seed >>> 0;
  h = Math.imul(h ^ (h >>> 16), 0x21f0aaad);
  h = Math.imul(h ^ (h >>> 15), 0x735a2d97);
  return (h ^ (h >>> 15)) >>> 0;
}
