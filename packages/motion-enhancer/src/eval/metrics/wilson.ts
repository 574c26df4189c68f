/** The normal quantile of a two-sided 95 % interval. */
export const Z95 = 1.959963984540054;

/** A share with its interval. All but the counts lie in 0–1. */
export interface Proportion {
  right: number;
  total: number;
  /** right / total; NaN without any. */
  accuracy: number;
  /** Wilson's score interval, 95 %; 0 and 1 without any. */
  low: number;
  high: number;
}

/**
 * Wilson's score interval without continuity correction.
 * Source: E. B. Wilson (1927); R. G. Newcombe, Statistics in Medicine 17 (1998), method 3.
 */
export function proportion(right: number, total: number, z = Z95): Proportion {
  if (total === 0) return { right, total, accuracy: Number.NaN, low: 0, high: 1 };
  const p = right / total;
  const z2 = z * z;
  const centre = (p + z2 / (2 * total)) / (1 + z2 / total);
  const half = (z / (1 + z2 / total)) * Math.sqrt((p * (1 - p)) / total + z2 / (4 * total * total));
  return {
    right,
    total,
    accuracy: p,
    // At the ends the bound is the end itself, whatever rounding says.
    low: right === 0 ? 0 : Math.max(0, centre - half),
    high: right === total ? 1 : Math.min(1, centre + half),
  };
}
