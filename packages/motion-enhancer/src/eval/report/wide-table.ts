import type { ScoreLine } from './score-lines.js';

/** A benchmark's numbers of one source: a row a system, a column a metric. */
export interface WideTable {
  title: string;
  benchmark: string;
  source: ScoreLine['source'];
  /** The first is the system. */
  columns: readonly string[];
  rows: readonly (readonly string[])[];
  /** What the numbers of each row depend on, the same text once. */
  recipes: readonly { systems: readonly string[]; recipe: string }[];
}

const SOURCES = {
  measured: 'measured by this project, percent with 95 % intervals',
  reported: 'reported by the paper, percent',
} as const;

/** Tables of all benchmarks: what was measured, then what was reported, each by itself. */
export function wideTables(lines: readonly ScoreLine[]): WideTable[] {
  const benchmarks = [...new Set(lines.map(({ benchmark }) => benchmark))];
  return benchmarks.flatMap((benchmark) =>
    (['measured', 'reported'] as const).flatMap((source): WideTable[] => {
      const those = lines.filter((line) => line.benchmark === benchmark && line.source === source);
      return those.length === 0 ? [] : [wideTable(benchmark, source, those)];
    }),
  );
}

function wideTable(benchmark: string, source: ScoreLine['source'], lines: readonly ScoreLine[]): WideTable {
  const metrics = [...new Set(lines.map(({ metric }) => metric))];
  // Two runs of one model differ by their recipes.
  const rows = [...new Map(lines.map((line) => [`${line.system}\0${line.recipe}`, line])).values()];
  const cell = (row: ScoreLine, metric: string) => {
    const found = lines.find(
      (line) => line.system === row.system && line.recipe === row.recipe && line.metric === metric,
    );
    return found ? cellText(found) : '–';
  };
  const recipes = [...new Set(rows.map(({ recipe }) => recipe))].map((recipe) => ({
    systems: rows.filter((row) => row.recipe === recipe).map(({ system }) => system),
    recipe,
  }));
  return {
    title: `${benchmark}: ${SOURCES[source]}`,
    benchmark,
    source,
    columns: ['system', ...metrics],
    rows: rows.map((row) => [row.system, ...metrics.map((metric) => cell(row, metric))]),
    recipes,
  };
}

function cellText({ value, low, high, source }: ScoreLine): string {
  if (value === null) return '–';
  if (source === 'reported' || low === null || high === null) return value.toFixed(2);
  return `${value.toFixed(2)} [${low.toFixed(1)}, ${high.toFixed(1)}]`;
}
