import {
  REPORTED_COLUMNS,
  REPORTED_SOURCE,
  type ReportedBenchmark,
  type ReportedNumber,
  reportedAblations,
  reportedRows,
} from '../paper/index.js';
import type { BenchmarkName } from '../prompts/index.js';
import type { ScoreLine } from './score-lines.js';

/** Everything that the paper reports for a benchmark: its tables with the supplement's rows, then its ablations. */
export function reportedLines(benchmark: BenchmarkName): ScoreLine[] {
  if (!Object.hasOwn(REPORTED_COLUMNS, benchmark)) return [];
  const rows = reportedRows(benchmark).flatMap(({ model, series, frames, reproduced, numbers }) => {
    const system = frames ? `${model} (${frames === '1fps' ? '1 fps' : `${frames} frames`})` : model;
    const by =
      reproduced === null ? '' : reproduced ? '; run by the paper’s authors' : '; quoted by the paper’s authors';
    const recipe = `${REPORTED_SOURCE.split(':')[0]}${series ? `; ${series}` : ''}${by}`;
    return linesOf(benchmark, system, recipe, numbers);
  });
  const ablations = reportedAblations().flatMap(({ table, setting, ...both }) => {
    const numbers = benchmark === 'motionbench' || benchmark === 'favor' ? both[benchmark] : null;
    if (!numbers) return [];
    const recipe = `${REPORTED_SOURCE.split(':')[0]}; ablations of Qwen2.5-VL-7B`;
    return linesOf(benchmark, `ablation, ${table}: ${setting}`, recipe, numbers);
  });
  return [...rows, ...ablations];
}

function linesOf(
  benchmark: BenchmarkName,
  system: string,
  recipe: string,
  numbers: Readonly<Record<string, ReportedNumber | null>>,
): ScoreLine[] {
  return REPORTED_COLUMNS[benchmark as ReportedBenchmark]
    .filter((metric) => metric in numbers)
    .map((metric) => ({
      source: 'reported',
      system,
      benchmark,
      metric,
      value: numbers[metric]?.percent ?? null,
      low: null,
      high: null,
      right: null,
      total: null,
      recipe,
    }));
}
