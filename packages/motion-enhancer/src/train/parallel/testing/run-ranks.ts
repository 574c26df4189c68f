import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import type { Row } from '../../../data/rows.js';
import { startProcesses } from '../../../parallel/start-processes.js';
import type { Recipe } from '../../recipe.js';
import type { StepLog } from '../../record/step-log.js';
import type { Sharding } from '../choose-sharding.js';

/** What every rank of a test's run is told. */
export interface ChildRun {
  vlmDir: string;
  dtype: 'float32' | 'float64' | 'bfloat16';
  rows: readonly Row[];
  priors: string | null;
  out: string;
  recipe: Partial<Recipe>;
  sharding?: Sharding;
  resume?: boolean;
  timeoutMs?: number;
  /** Settings that rank 1 has otherwise. */
  onlyOnRank1?: Partial<Recipe>;
  /** What happens to a rank after a step of its own. */
  failure?: { rank: number; step: number; how: 'kill' | 'stop' | 'term' };
}

export interface RanksResult {
  log: StepLog[];
  steps: number;
  finished: boolean;
  state: string | null;
  skipped: number;
}

/** Trains in `size` processes. */
export async function runRanks(
  size: number,
  run: ChildRun,
): Promise<{ code: number; output: string; result: () => RanksResult }> {
  let output = '';
  const sink = () =>
    new Writable({
      write(part, _, done) {
        output += part;
        done();
      },
    });
  const extension = import.meta.url.endsWith('.ts') ? 'ts' : 'js';
  const code = await startProcesses({
    command: process.execPath,
    args: [...process.execArgv, fileURLToPath(new URL(`./train-child.${extension}`, import.meta.url))],
    count: size,
    env: { ...process.env, OMP_NUM_THREADS: '1', TRAIN_CHILD: JSON.stringify(run) },
    stdout: sink(),
    stderr: sink(),
    graceMs: 3000,
  });
  const result = () => JSON.parse(readFileSync(join(run.out, 'result.json'), 'utf8')) as RanksResult;
  return { code, output, result };
}
