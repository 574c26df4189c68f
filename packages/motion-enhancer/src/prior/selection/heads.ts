import type { HeadMaps } from '../capture/head-maps.js';
import { locations, videoTokens } from '../grid.js';
import { topCount } from './top-count.js';

/** The three measures of Section 4.2 and their sum of z-scores, one entry a head. */
export interface HeadMetrics {
  /** Diagonal focus coefficient, Eq 11 */
  dfc: number[];
  /** Temporal continuity score, Eq 12 (frames) */
  tcs: number[];
  /** Diagonal strength ratio, Eq 13 */
  dsr: number[];
  /** τ, the mean of the head's video→video map */
  tau: number[];
  /** z(DFC) + z(TCS) + z(DSR) */
  score: number[];
}

/**
 * DFC, TCS and DSR of every head (docs/method.md 2). D is the same location in all pairs of frames; DFC's mask M is D unless the
 * maps come with the sums of another one.
 */
export function headMetrics(maps: HeadMaps): HeadMetrics {
  const S = videoTokens(maps.grid);
  const P = locations(maps.grid);
  const F = maps.grid.frames;
  const same = maps.sameLocation_HPFF.toTypedArray() as Float32Array | Float64Array;
  const total = maps.total_H.toArray();
  const squares = maps.squares_H.toArray();
  const tau = total.map((sum) => sum / (S * S));
  const per = P * F * F;
  const heads = tau.map((t, h) => diagonalStatistics(same.subarray(h * per, (h + 1) * per), F, t));
  const inside = maps.masked ? maps.masked.inside_H.toArray() : heads.map((s) => s.squares);
  const complement = maps.masked ? maps.masked.outside_H.toArray() : squares.map((all, h) => all - inside[h]!);
  // What rounding leaves of an empty complement is not a denominator.
  const rounding = same instanceof Float64Array ? 1e-12 : 1e-6;
  const outside = complement.map((sum, h) => (sum > rounding * squares[h]! ? sum : 0));
  const dfc = finiteRatios(inside, outside); // Eq 11: DFC = Σ_M A² / Σ_not M A²
  const tcs = heads.map((s) => s.runLength);
  const dsr = heads.map((s) => s.share);
  const z = [zScores(dfc), zScores(tcs), zScores(dsr)] as const;
  return { dfc, tcs, dsr, tau, score: tau.map((_, h) => z[0][h]! + z[1][h]! + z[2][h]!) };
}

interface DiagonalStatistics {
  /** Σ A² inside D */
  squares: number;
  /** Mean over locations of the mean length of maximal runs of entries > τ in the rows of A_p; 0 without runs */
  runLength: number;
  /** Share of entries of D that are ≥ τ */
  share: number;
}

/** @param map A_p for every location p, [P, F, F] */
export function diagonalStatistics(map: ArrayLike<number>, F: number, tau: number): DiagonalStatistics {
  const P = map.length / (F * F);
  let squares = 0;
  let atLeast = 0;
  let runLength = 0;
  for (let p = 0; p < P; p++) {
    let runs = 0;
    let covered = 0;
    for (let row = 0; row < F; row++) {
      let inside = false;
      for (let column = 0; column < F; column++) {
        const a = map[(p * F + row) * F + column]!;
        squares += a * a;
        if (a >= tau) atLeast++; // Eq 13: DSR, the share of entries ≥ τ
        if (a > tau) {
          if (!inside) runs++;
          covered++;
        }
        inside = a > tau;
      }
    }
    if (runs > 0) runLength += covered / runs; // Eq 12: TCS, the mean length of runs of entries > τ
  }
  return { squares, runLength: runLength / P, share: atLeast / map.length };
}

/** numerator / denominator; where the denominator vanishes, the largest finite ratio of the sample's heads (1 if none). */
export function finiteRatios(numerators: readonly number[], denominators: readonly number[]): number[] {
  const ratios = numerators.map((n, i) => (denominators[i]! > 0 ? n / denominators[i]! : Number.POSITIVE_INFINITY));
  const finite = ratios.filter(Number.isFinite);
  const largest = finite.length > 0 ? Math.max(...finite) : 1;
  return ratios.map((r) => (Number.isFinite(r) ? r : largest));
}

/** (x − mean) / max(population std, 1e-8) */
export function zScores(values: readonly number[]): number[] {
  const mean = values.reduce((a, b) => a + b, 0) / values.length;
  const variance = values.reduce((a, b) => a + (b - mean) ** 2, 0) / values.length;
  const std = Math.max(Math.sqrt(variance), 1e-8);
  return values.map((v) => (v - mean) / std);
}

/** Indices of the top ceil(ratio · n) (at least one), ascending; ties go to the lower index. */
export function topIndices(scores: readonly number[], ratio: number): number[] {
  const count = topCount(scores.length, ratio);
  const order = scores.map((_, i) => i).sort((a, b) => scores[b]! - scores[a]! || a - b);
  return order.slice(0, count).sort((a, b) => a - b);
}

/** Ranks, 0 is the best; ties go to the lower index. */
export function ranks(scores: readonly number[]): number[] {
  const order = scores.map((_, i) => i).sort((a, b) => scores[b]! - scores[a]! || a - b);
  const rank = new Array<number>(scores.length);
  order.forEach((index, place) => {
    rank[index] = place;
  });
  return rank;
}
