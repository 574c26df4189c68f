import { SETTINGS } from './settings.js';
import type { Similarities } from './similarity.js';
import type { ActionMatch } from './types.js';

const NONE: ActionMatch = { f1: 0, precision: 0, recall: 0, mapping: new Map(), scores: [] };

/**
 * Matches predicted actions to annotated ones, several to one where they fit, and two or three consecutive ones together.
 * Source: FAVOR-Bench LLM-free_step2_compare.py (improved_action_matching).
 * @param wanted upper bound of the similarity that a match needs; where all similarities are low, it is lowered
 */
export function matchActions(
  pred: readonly string[],
  gt: readonly string[],
  similarities: Similarities,
  wanted: number = SETTINGS.threshold.action,
): ActionMatch {
  if (pred.length === 0 || gt.length === 0) return NONE;
  const matrix = similarities.matrix(pred, gt);
  const threshold = Math.min(wanted, adaptiveThreshold(matrix));
  const matches = new Matches();
  for (const [i, row] of matrix.entries()) {
    const best = row.reduce((at, value, j) => (value > row[at]! ? j : at), 0);
    if (row[best]! >= threshold && near(i, best)) matches.add(i, best, row[best]!);
  }
  for (let size = 2; size <= Math.min(SETTINGS.window, pred.length); size++)
    for (let start = 0; start + size <= pred.length; start++)
      matchTogether(start, size, { pred, gt, similarities, matrix, threshold, matches });
  matches.dropPoor();
  return rated(matches, pred.length, gt.length);
}

const near = (i: number, j: number): boolean => Math.abs(i - j) <= SETTINGS.distance;
const mean = (values: ArrayLike<number>): number => Array.from(values).reduce((a, b) => a + b, 0) / values.length;

/** Half a (population) standard deviation below the matrix's mean, within bounds. */
function adaptiveThreshold(matrix: readonly Float64Array[]): number {
  const values = matrix.flatMap((row) => [...row]);
  const centre = mean(values);
  const deviation = Math.sqrt(mean(values.map((value) => (value - centre) ** 2)));
  const { least, most } = SETTINGS.threshold;
  return Math.max(least, Math.min(most, centre - 0.5 * deviation));
}

interface Search {
  pred: readonly string[];
  gt: readonly string[];
  similarities: Similarities;
  matrix: readonly Float64Array[];
  threshold: number;
  matches: Matches;
}

/** Consecutive predicted actions as one text: it replaces their matches where it is more similar than those on average. */
function matchTogether(
  start: number,
  size: number,
  { pred, gt, similarities, matrix, threshold, matches }: Search,
): void {
  const window = Array.from({ length: size }, (_, k) => start + k);
  if (window.every((i) => matches.has(i))) return;
  const joined = pred.slice(start, start + size).join(' ');
  for (const [j, action] of gt.entries()) {
    const similarity = similarities.actions(joined, action);
    if (similarity <= threshold + SETTINGS.threshold.combined || !near(start, j)) continue;
    const matched = window.filter((i) => matches.has(i));
    const quality = matched.reduce((sum, i) => sum + matrix[i]![matches.of(i)]!, 0);
    if (similarity <= quality / Math.max(1, matched.length)) continue;
    for (const i of matched) matches.remove(i);
    matches.add(start, j, similarity);
  }
}

/** Matches in the order in which they were made. */
class Matches {
  readonly mapping = new Map<number, number>();
  readonly #scores = new Map<number, number>();

  has(i: number): boolean {
    return this.mapping.has(i);
  }
  of(i: number): number {
    return this.mapping.get(i)!;
  }
  add(i: number, j: number, score: number): void {
    this.mapping.set(i, j);
    this.#scores.set(i, score);
  }
  remove(i: number): void {
    this.mapping.delete(i);
    this.#scores.delete(i);
  }
  get scores(): number[] {
    return [...this.#scores.values()];
  }
  /** Removes matches whose similarity is far below the mean of all. */
  dropPoor(): void {
    const { below, belowMean } = SETTINGS.lowQuality;
    const least = Math.min(below, mean(this.scores) - belowMean);
    for (const [i, score] of [...this.#scores]) if (score < least) this.remove(i);
  }
}

function rated({ mapping, scores }: Matches, preds: number, gts: number): ActionMatch {
  if (scores.length === 0) return { ...NONE, mapping, scores };
  const length = 1 - (1 - Math.min(preds, gts) / Math.max(preds, gts)) * SETTINGS.lengthPenalty;
  const quality = mean(scores) * length;
  const precision = (scores.length / preds) * quality;
  const recall = (new Set(mapping.values()).size / gts) * quality;
  return { f1: harmonic(precision, recall), precision, recall, mapping, scores };
}

/** F1; 0 where both are 0. */
export const harmonic = (precision: number, recall: number): number =>
  precision + recall > 0 ? (2 * precision * recall) / (precision + recall) : 0;
