// RUN/finished.json: the run ended, and its checkpoint is whole. What is finished is neither trained again nor overwritten.
import { existsSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { jsonSum, UserError, writeText } from '@motion-enhancer/support';
import { FREE_TO_CHANGE } from '../recipe-run.js';
import { refuseStates } from './run-folder.js';

export interface FinishedRun {
  steps: number;
  skipped: number;
  /** As run.yaml has them. */
  settings: Record<string, unknown>;
}

/** What says only where a run is and with what hands; a folder may have been moved. */
const WHERE = new Set(['out', 'device', 'threads', 'plugins', 'gpus', 'processes', 'sharding', 'groupTimeout']);
const FILE = 'finished.json';

const bare = (settings: Record<string, unknown>) =>
  Object.fromEntries(
    Object.entries(JSON.parse(JSON.stringify(settings))).filter(
      ([name]) => !FREE_TO_CHANGE.has(name) && !WHERE.has(name),
    ),
  );

/** To be called when the checkpoint is there. @throws UserError ERR_WRITE */
export function writeFinished(out: string, run: FinishedRun): void {
  writeText(join(out, FILE), `${JSON.stringify({ ...run, crc32c: jsonSum(run) }, null, 2)}\n`);
}

/**
 * The finished run that a folder holds, if `resume` asks for that same run; null where a run is to begin or to go on.
 * Costs nothing: it is asked before data and model are read.
 * @throws UserError ERR_RUN where a run lies there that is another one, or that `resume` was not said for
 */
export function finishedRun(out: string, settings: Record<string, unknown>, resume: boolean): FinishedRun | null {
  const found = read(out);
  if (!found) {
    if (!resume) refuseStates(out);
    return null;
  }
  if (!resume)
    throw new UserError(`The folder ${out} holds a run that is finished (${found.steps} steps). Give another --out.`, {
      code: 'ERR_RUN',
    });
  const [theirs, mine] = [bare(found.settings), bare(settings)];
  const other = [...new Set([...Object.keys(theirs), ...Object.keys(mine)])].find(
    (name) => !isDeepStrictEqual(theirs[name], mine[name]),
  );
  if (other !== undefined)
    throw new UserError(
      `The folder ${out} holds a finished run with ${other} ${JSON.stringify(theirs[other])}, not ${JSON.stringify(mine[other])}. Give another --out.`,
      { code: 'ERR_RUN' },
    );
  return found;
}

/** Null for a folder without the mark, with a damaged one (of earlier versions none has a sum), or without what it stands for. */
function read(out: string): FinishedRun | null {
  try {
    const { crc32c, ...run } = JSON.parse(readFileSync(join(out, FILE), 'utf8')) as FinishedRun & { crc32c?: string };
    const fields = Object.keys(run).sort().join();
    if (crc32c === undefined ? fields !== 'settings,skipped,steps' : crc32c !== jsonSum(run)) return null;
    return statSync(join(out, 'checkpoint')).isDirectory() && existsSync(join(out, 'checkpoint', 'config.json'))
      ? run
      : null;
  } catch {
    return null;
  }
}
