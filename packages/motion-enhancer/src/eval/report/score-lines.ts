import type { BenchmarkName } from '../prompts/index.js';
import { recipeLine } from './recipe-line.js';
import { LAYOUTS, type RunScore, systemName } from './score-run.js';

/** One number with everything that it depends on. */
export interface ScoreLine {
  /** `measured`: by this project, from a run's folder; `reported`: by the paper. The two are never in one table. */
  source: 'measured' | 'reported';
  system: string;
  benchmark: BenchmarkName;
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

/** A run's numbers. */
export function measuredLines(score: RunScore): ScoreLine[] {
  const { run, table } = score;
  const { benchmark } = run.settings;
  const base = { source: 'measured', system: systemName(run), benchmark, recipe: recipeLine(score) } as const;
  if (!table || !LAYOUTS[benchmark]) return [];
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
