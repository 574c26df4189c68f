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
  const { run, table, captions } = score;
  const { benchmark } = run.settings;
  const base = { source: 'measured', system: systemName(run), benchmark, recipe: recipeLine(score) } as const;
  if (captions) return captionLines(captions, base);
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

/** The metric's terms, as the authors name them, in the order of importance. */
const CAPTION_TERMS = {
  final: 'final_score',
  camera: 'camera_motion_score',
  'subject precision': 'subject_precision_score',
  'subject recall': 'subject_recall_score',
  'subject order': 'subject_order_score',
  'chrono precision': 'chrono_precision_score',
  'chrono recall': 'chrono_recall_score',
  'chrono order': 'chrono_order_score',
} as const;

/** Means over all videos, of which those without a caption count 0, with normal 95 % intervals. */
function captionLines(
  { mean, videos, missing }: NonNullable<RunScore['captions']>,
  base: Pick<ScoreLine, 'source' | 'system' | 'benchmark' | 'recipe'>,
): ScoreLine[] {
  const scores = Object.values(videos).map((video) => video.scores);
  const total = scores.length + missing.length;
  return Object.entries(CAPTION_TERMS).map(([metric, term]) => {
    const average = mean[term];
    const squares = scores.reduce((sum, one) => sum + (one[term] - average) ** 2, missing.length * average ** 2);
    const half = total > 1 ? (1.96 * Math.sqrt(squares / (total - 1))) / Math.sqrt(total) : Number.NaN;
    return {
      ...base,
      metric,
      value: 100 * average,
      low: Number.isNaN(half) ? null : 100 * Math.max(0, average - half),
      high: Number.isNaN(half) ? null : 100 * Math.min(1, average + half),
      right: null,
      total,
    };
  });
}
