import { logFactorials } from './special.js';

/** Draws of a binomial variable, each from one uniform number by the inverse of its distribution: exact. */
export class Binomial {
  /** P(X ≤ k) for k = 0…n. */
  readonly #below: Float64Array;

  constructor(n: number, p: number, logs = logFactorials(n)) {
    this.#below = new Float64Array(n + 1);
    let sum = 0;
    for (let k = 0; k <= n; k++) {
      // 0 · ln 0 is 0 here: p of 0 or 1 are sure.
      const log = (k === 0 ? 0 : k * Math.log(p)) + (k === n ? 0 : (n - k) * Math.log1p(-p));
      sum += Math.exp(logs[n]! - logs[k]! - logs[n - k]! + log);
      this.#below[k] = sum;
    }
  }

  /** @param u uniform in [0, 1) */
  draw(u: number): number {
    const below = this.#below;
    let [low, high] = [0, below.length - 1];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (below[middle]! > u) high = middle;
      else low = middle + 1;
    }
    return low;
  }
}

/**
 * Sums of n draws with replacement from numbers of which `plus` are 1, `minus` −1 and the others 0, without drawing each:
 * how many of the n are not 0 is binomial, and how many of those are 1 is binomial again.
 */
export function sumOfDraws(n: number, plus: number, minus: number, uniform: () => number): () => number {
  const changed = plus + minus;
  if (changed === 0) return () => 0;
  const logs = logFactorials(n);
  const changes = new Binomial(n, changed / n, logs);
  const split = new Map<number, Binomial>();
  return () => {
    const drawn = changes.draw(uniform());
    let of = split.get(drawn);
    if (!of) {
      of = new Binomial(drawn, plus / changed, logs);
      split.set(drawn, of);
    }
    return 2 * of.draw(uniform()) - drawn;
  };
}
