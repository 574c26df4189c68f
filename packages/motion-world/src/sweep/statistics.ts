/** Two-sided 95 % quantile of Student's t by degrees of freedom. Source: any table (NIST/SEMATECH e-Handbook 1.3.6.7.2). */
const T95 = [
  12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228, 2.201, 2.179, 2.16, 2.145, 2.131, 2.12, 2.11,
  2.101, 2.093, 2.086, 2.08, 2.074, 2.069, 2.064, 2.06, 2.056, 2.052, 2.048, 2.045, 2.042,
];

export interface Interval {
  mean: number;
  /** Half the width of the 95 % interval (t over the pairs); NaN for fewer than two. */
  half: number;
  count: number;
}

/** NaN of none. */
export const mean = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0) / values.length;

export function interval95(values: readonly number[]): Interval {
  const count = values.length;
  const middle = mean(values);
  const variance = values.reduce((sum, v) => sum + (v - middle) ** 2, 0) / (count - 1);
  const t = T95[count - 2] ?? manyT95(count - 1);
  return { mean: middle, half: count < 2 ? Number.NaN : t * Math.sqrt(variance / count), count };
}

/** Beyond the table: the series in 1/ν from the normal's quantile (Abramowitz and Stegun 26.7.5), here to 1e-4. */
function manyT95(freedom: number): number {
  const z = 1.959964;
  return z + (z ** 3 + z) / (4 * freedom) + (5 * z ** 5 + 16 * z ** 3 + 3 * z) / (96 * freedom ** 2);
}
