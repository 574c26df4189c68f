// One rank of a training run, for tests: what it is to do comes as JSON in TRAIN_CHILD.
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { joinGroup, liveTensors, readGroupEnvironment, setThreads } from '@motion-enhancer/libtorch';
import { UserError } from '@motion-enhancer/support';
import { loadVlm } from '../../../vlm/families/load.js';
import { train } from '../../run/train.js';
import { testRecipe } from '../../testing.js';
import { BlockGates } from '../block-gates.js';
import type { ChildRun } from './run-ranks.js';

setThreads(1);
const { vlmDir, dtype, rows, priors, out, recipe, sharding, resume, timeoutMs, onlyOnRank1, failure } = JSON.parse(
  process.env.TRAIN_CHILD!,
) as ChildRun;
const group = await joinGroup({ ...readGroupEnvironment(), ...(timeoutMs ? { timeoutMs } : {}) });
const stop = new AbortController();
process.on('SIGTERM', () => stop.abort());
const before = liveTensors();
try {
  const gates = new BlockGates();
  const vlm = loadVlm(vlmDir, { device: 'cpu', dtype, trainable: true, wrapBlock: gates.wrap });
  const settings = testRecipe({ ...recipe, ...(group.rank === 1 ? onlyOnRank1 : {}) });
  try {
    const result = await train({
      ...{
        vlm,
        rows,
        priors,
        out,
        group,
        recipe: settings,
        resume: resume ?? false,
        gates,
        sharding: sharding ?? 'none',
        signal: stop.signal,
      },
      onStep: ({ step }) => {
        if (!failure || failure.rank !== group.rank || failure.step !== step) return;
        if (failure.how === 'term') process.kill(process.pid, 'SIGTERM');
        else process.kill(process.pid, failure.how === 'kill' ? 'SIGKILL' : 'SIGSTOP');
      },
      onWarning: (message) => console.log(`warning: ${message}`),
    });
    if (group.rank === 0) {
      const { log, steps, finished, state, skipped } = result;
      const whole = existsSync(join(out, 'checkpoint'));
      writeFileSync(join(out, 'result.json'), JSON.stringify({ log, steps, finished, state, skipped, whole }));
    }
  } finally {
    vlm.dispose();
  }
  if (liveTensors() !== before) throw new Error(`${liveTensors() - before} tensors are left`);
} catch (error) {
  console.error(error instanceof UserError ? error.message : error);
  process.exitCode = 1;
} finally {
  await group.close();
}
if (process.exitCode === 1) process.exit(1);
