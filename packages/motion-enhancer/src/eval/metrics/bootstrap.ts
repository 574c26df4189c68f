import { randomSource } from '@motion-enhancer/support';
import { sumOfDraws } from './binomial.js';

/** Differences of one type of question (or of one video) between two runs: b − a for each question. */
export interface Stratum {
  /** −1, 0 or 1 for each question. */
  differences: Int8Array;
}

export interface Interval {
  difference: number;
  low: number;
  high: number;
}

export interface BootstrapResult {
  /** Over all questions. */
  overall: Interval;
  /** Mean over the strata's means. */
  average: Interval;
  strata: Interval[];
}

/**
 * Percentile 95 % intervals of paired differences: questions are drawn anew, with replacement, within each stratum, both
 * runs' answers to a question together.
 * Source: B. Efron, R. J. Tibshirani, An Introduction to the Bootstrap (1993), 8.3 and 13.
 */
export function pairedBootstrap(strata: readonly Stratum[], resamples: number, seed: number): BootstrapResult {
  const uniform = randomSource(seed);
  const nonEmpty = strata.map(({ differences }) => differences).filter(({ length }) => length > 0);
  const questions = nonEmpty.reduce((sum, { length }) => sum + length, 0);
  const overall = new Float64Array(resamples);
  const average = new Float64Array(resamples);
  const each = nonEmpty.map((differences) => {
    const count = (value: number) => differences.reduce((sum, d) => sum + Number(d === value), 0);
    const sumOf = sumOfDraws(differences.length, count(1), count(-1), uniform);
    return Float64Array.from({ length: resamples }, (_, r) => {
      const sum = sumOf();
      overall[r]! += sum / questions;
      average[r]! += sum / differences.length / nonEmpty.length;
      return sum / differences.length;
    });
  });
  const sums = nonEmpty.map((differences) => differences.reduce((sum, d) => sum + d, 0));
  const intervals = each.map((values, s) => interval(values, sums[s]! / nonEmpty[s]!.length));
  return {
    overall: interval(overall, sums.reduce((a, b) => a + b, 0) / questions),
    average: interval(average, sums.reduce((sum, value, s) => sum + value / nonEmpty[s]!.length, 0) / nonEmpty.length),
    strata: strata.map(({ differences }) =>
      differences.length === 0 ? { difference: Number.NaN, low: Number.NaN, high: Number.NaN } : intervals.shift()!,
    ),
  };
}

/** The same for the difference over all questions where whole videos are drawn: their questions hang together. */
export function clusterBootstrap(videos: readonly Stratum[], resamples: number, seed: number): Interval {
  const uniform = randomSource(seed);
  const n = videos.length;
  const sums = Int32Array.from(videos, ({ differences }) => differences.reduce((sum, d) => sum + d, 0));
  const sizes = Int32Array.from(videos, ({ differences }) => differences.length);
  const values = new Float64Array(resamples);
  for (let r = 0; r < resamples; r++) {
    let [sum, size] = [0, 0];
    for (let i = 0; i < n; i++) {
      const k = Math.floor(uniform() * n);
      sum += sums[k]!;
      size += sizes[k]!;
    }
    values[r] = sum / size;
  }
  return interval(values, sums.reduce((a, b) => a + b, 0) / sizes.reduce((a, b) => a + b, 0));
}

function interval(values: Float64Array, difference: number): Interval {
  const sorted = values.toSorted();
  return { difference, low: quantile(sorted, 0.025), high: quantile(sorted, 0.975) };
}

/** Linear between order statistics (type 7, numpy's default). */
export function quantile(sorted: Float64Array, q: number): number {
  const at = (sorted.length - 1) * q;
  const [lower, upper] = [sorted[Math.floor(at)] ?? Number.NaN, sorted[Math.ceil(at)] ?? Number.NaN];
  return lower + (upper - lower) * (at - Math.floor(at));
}
