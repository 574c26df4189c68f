import { benchmarkOf } from '../benchmarks/table.js';
import { PAPER_SOURCE } from '../paper/index.js';
import type { ReportedNumbers } from '../paper/reported-table.js';
import type { ScoreLine } from './score-lines.js';

/** Everything that the paper reports for a benchmark: its tables with the supplement's rows, then its ablations. */
export function reportedLines(benchmark: string): ScoreLine[] {
  const { reported } = benchmarkOf(benchmark);
  if (!reported) return [];
  const source = PAPER_SOURCE.split(':')[0];
  const lines = (system: string, recipe: string, numbers: ReportedNumbers): ScoreLine[] =>
    reported.columns
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
  const rows = reported.rows().flatMap(({ model, series, frames, reproduced, numbers }) => {
    const system = frames ? `${model} (${frames === '1fps' ? '1 fps' : `${frames} frames`})` : model;
    const by =
      reproduced === null ? '' : reproduced ? '; run by the paper’s authors' : '; quoted by the paper’s authors';
    return lines(system, `${source}${series ? `; ${series}` : ''}${by}`, numbers);
  });
  const ablations = (reported.ablations?.() ?? []).flatMap(({ table, setting, numbers }) =>
    lines(`ablation, ${table}: ${setting}`, `${source}; ablations of Qwen2.5-VL-7B`, numbers),
  );
  return [...rows, ...ablations];
}
