import { erfc, logFactorials } from './special.js';

/** Whether two systems differ on the same questions. */
export interface McNemar {
  /** Right only for the first, only for the second. */
  onlyA: number;
  onlyB: number;
  /** Two-sided exact binomial p. */
  exact: number;
  /** (|a − b| − 1)² / (a + b), 1 degree of freedom, and its p. */
  chiSquare: number;
  p: number;
}

/**
 * McNemar's test on discordant pairs: exact, and the χ² form with Edwards' continuity correction. Without discordant pairs
 * both p are 1.
 * Source: Q. McNemar, Psychometrika 12 (1947); A. L. Edwards, Psychometrika 13 (1948).
 */
export function mcnemar(onlyA: number, onlyB: number): McNemar {
  const n = onlyA + onlyB;
  if (n === 0) return { onlyA, onlyB, exact: 1, chiSquare: 0, p: 1 };
  const logs = logFactorials(n);
  const least = Math.min(onlyA, onlyB);
  let tail = 0;
  for (let k = 0; k <= least; k++) tail += Math.exp(logs[n]! - logs[k]! - logs[n - k]! - n * Math.LN2);
  const chiSquare = Math.max(0, Math.abs(onlyA - onlyB) - 1) ** 2 / n;
  return { onlyA, onlyB, exact: Math.min(1, 2 * tail), chiSquare, p: erfc(Math.sqrt(chiSquare / 2)) };
}
