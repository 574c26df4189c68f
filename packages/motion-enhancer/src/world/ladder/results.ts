import { appendFileSync, existsSync, readFileSync } from 'node:fs';
import type { TypeScores } from '../runs/evaluate-runs.js';
import type { Arm } from './arms.js';

/** One run's outcome: a line of results.jsonl. */
export interface RunResult {
  arm: Arm;
  seed: number;
  steps: number;
  batchSize: number;
  lr: number;
  start: string;
  /** Losses of the last step. */
  lossAr: number;
  lossAlign: number | null;
  lambda: number;
  /** Mean of λ‖∇L_MSE‖ / ‖∇L_AR‖. */
  gradRatio: number | null;
  /** Right answers and questions by type, on test clips. */
  scores: TypeScores;
}

/** Lines of a results file; a line that a crash cut off is left out. */
export function readResults(path: string): RunResult[] {
  if (!existsSync(path)) return [];
  return readFileSync(path, 'utf8')
    .split('\n')
    .flatMap((line) => {
      try {
        const row = JSON.parse(line) as Partial<RunResult>;
        return row.arm && row.scores ? [row as RunResult] : [];
      } catch {
        return [];
      }
    });
}

export function addResults(path: string, results: readonly RunResult[]): void {
  appendFileSync(path, results.map((result) => `${JSON.stringify(result)}\n`).join(''));
}
