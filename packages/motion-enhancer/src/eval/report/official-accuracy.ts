import { UserError } from '@motion-enhancer/support';
import { benchmarkOf } from '../benchmarks/table.js';
import type { RunScore } from './score-run.js';

/** What the authors' own script would print of a run's replies, quirks included; or why it would not. */
export function officialAccuracy({ run, answers }: RunScore): object | { refused: string } | null {
  const { official } = benchmarkOf(run.settings.benchmark);
  if (!official || run.settings.judge === null) return null;
  try {
    return official(answers, run);
  } catch (error) {
    if (error instanceof UserError) return { refused: error.message };
    throw error;
  }
}
