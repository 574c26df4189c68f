import type { ForestMark } from './forest-plot.js';
import { niceTicks } from './line-chart.js';

/** Marks further out than so many times the median of all are not on the axis: one arm gone wrong would flatten all. */
const OUTLYING = 3;

export interface ForestAxis {
  ticks: readonly number[];
  /** Whether every interval is on it. */
  whole: boolean;
  /** Where a value lies, from 0 at the first tick to 1 at the last; values off the axis at its ends. */
  place(value: number): number;
  /** −1 or 1 for a value off the axis, 0 on it. */
  side(value: number): -1 | 0 | 1;
}

/** An axis with 0 on it for means and intervals; what is no number does not count. */
export function forestAxis(marks: readonly ForestMark[]): ForestAxis {
  const known = marks.filter(({ mean }) => Number.isFinite(mean));
  const ends = known.map(({ mean, half }) => (Number.isFinite(half) ? [mean - half, mean + half] : [mean]));
  const reaches = ends.map((pair) => Math.max(...pair.map(Math.abs))).sort((a, b) => a - b);
  const limit = OUTLYING * (reaches[reaches.length >> 1] ?? 0);
  const shown = ends.flat().filter((end) => Math.abs(end) <= limit);
  const ticks = niceTicks(Math.min(0, ...shown), Math.max(0, ...shown));
  const [min, max] = [ticks[0]!, ticks.at(-1)!];
  const side = (value: number) => (value < min ? -1 : value > max ? 1 : 0);
  return {
    ticks,
    whole: ends.flat().every((end) => side(end) === 0),
    place: (value) => Math.min(1, Math.max(0, (value - min) / (max - min))),
    side,
  };
}
