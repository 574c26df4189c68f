import type { TermScores } from '../benchmarks/benchmark.js';
import { recipeLine } from './recipe-line.js';
import { type RunScore, systemName } from './score-run.js';

/** One number with everything that it depends on. */
export interface ScoreLine {
  /** `measured`: by this project, from a run's folder; `reported`: by the paper. The two are never in one table. */
  source: 'measured' | 'reported';
  system: string;
  benchmark: string;
  /** overall, average, a type, a group of types, or unparsed. */
  metric: string;
  /** Percent. */
  value: number | null;
  /** Percent: 95 % interval, of measured ones. */
  low: number | null;
  high: number | null;
  right: number | null;
  total: number | null;
  recipe: string;
}

/** A run's numbers. @param system what its rows are called; by default as its model */
export function measuredLines(score: RunScore, system = systemName(score.run)): ScoreLine[] {
  const { run, table, own } = score;
  const { benchmark } = run.settings;
  const base = { source: 'measured', system, benchmark, recipe: recipeLine(score) } as const;
  if (own) return termLines(own, base);
  if (!table) return [];
  const percent = (value: number) => 100 * value;
  const line = (
    metric: string,
    one: { accuracy: number; low: number; high: number; right?: number; total?: number },
  ): ScoreLine => ({
    ...base,
    metric,
    value: Number.isFinite(one.accuracy) ? percent(one.accuracy) : null,
    low: percent(one.low),
    high: percent(one.high),
    right: one.right ?? null,
    total: one.total ?? null,
  });
  return [
    line('overall', table.overall),
    line('average', table.average),
    ...table.groups.map((group) => line(group.key, group)),
    ...table.types.map((type) => line(type.key, type)),
    ...(table.unparsed ? [line('unparsed', table.unparsed)] : []),
  ].filter(({ total }) => total !== 0);
}

/** Means of terms with normal 95 % intervals. */
function termLines(
  { terms }: TermScores,
  base: Pick<ScoreLine, 'source' | 'system' | 'benchmark' | 'recipe'>,
): ScoreLine[] {
  return terms.map(({ name, mean, values }) => {
    const total = values.length;
    const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
    const half = total > 1 ? (1.96 * Math.sqrt(squares / (total - 1))) / Math.sqrt(total) : Number.NaN;
    return {
      ...base,
      metric: name,
      value: 100 * mean,
      low: Number.isNaN(half) ? null : 100 * Math.max(0, mean - half),
      high: Number.isNaN(half) ? null : 100 * Math.min(1, mean + half),
      right: null,
      total,
    };
  });
}
