import { PAPER_DATA, type Sweep } from './paper-data.js';
import type { ReportedAblation, ReportedNumber } from './reported-table.js';

/** Where the four columns of an ablation's table begin: overall and average of each benchmark. */
const FIRST_COLUMN = { motionbench: 0, favor: 2 } as const;

/** The paper's ablations of Qwen2.5-VL-7B. */
export function reportedAblations(benchmark: keyof typeof FIRST_COLUMN): ReportedAblation[] {
  const first = FIRST_COLUMN[benchmark];
  const number = (percent: number | undefined): ReportedNumber => {
    if (percent === undefined) throw new RangeError('an ablation has four columns');
    return { origin: 'reported', percent };
  };
  const row = (table: ReportedAblation['table'], setting: string, numbers: readonly number[]): ReportedAblation => ({
    table,
    setting,
    numbers: { overall: number(numbers[first]), average: number(numbers[first + 1]) },
  });
  const sweep = (table: ReportedAblation['table'], { columns: _, ...settings }: Sweep): ReportedAblation[] =>
    Object.entries(settings).map(([setting, numbers]) => row(table, setting, numbers as number[]));
  const { ablation_7b, steps_7b, ratio_7b, data_7b } = PAPER_DATA;
  return [
    ...ablation_7b.map(({ mhs, mtti, motionbench, favor }) =>
      row('MHS and MTTI', [mhs && 'MHS', mtti && 'MTTI'].filter(Boolean).join(' + ') || 'neither', [
        ...motionbench,
        ...favor,
      ]),
    ),
    ...sweep('denoising steps', steps_7b),
    ...sweep('kept share', ratio_7b),
    ...sweep('training data', data_7b),
  ];
}
