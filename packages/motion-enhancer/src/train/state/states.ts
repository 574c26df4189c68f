// States of a run: RUN/states/step-00000100/ with state.safetensors (weights, master weights, moments, aligner) and
// state.json (where the run stands, the recipe, sha256 of the tensors and of itself). A folder of that name is whole: it is written
// beside, synced and renamed.
import { closeSync, existsSync, fsyncSync, openSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { DTYPES, gatherJson, type ProcessGroup, type Tensor } from '@motion-enhancer/libtorch';
import { checkDiskSpace, hashFile, makeFolder, UserError, writeText } from '@motion-enhancer/support';
import { saveState } from '../../data/state-file.js';
import type { Recipe } from '../recipe.js';
import { checkSameRun } from './same-run.js';
import { readStateJson, stateJson } from './state-json.js';

/** Where a run stands: with the tensors, all that its next step depends on. */
export interface RunState {
  /** 1 had no hash of state.json itself; 3 has the tensors in several files. */
  format: 1 | 2 | 3;
  /** Steps done. */
  step: number;
  /** Place in the order of the data of the first sample of the window in use, and how many of its samples are used. */
  place: number;
  taken?: number;
  /** Rows that could not be used. */
  broken: number[];
  /** λ as it is now. */
  lambda: number;
  /** With `priorScale: share`: what was measured with the start weights. */
  rowSum?: number;
  /** libtorch's default generators by device, as bytes in base64. */
  generators: Record<string, string>;
  recipe: Recipe;
  /** Of the data and priors: ids of the rows in order, names of the priors, as a hash. */
  data: string;
  /** sha256 of state.safetensors, where that is the only file. */
  sha256?: string;
  /** Format 3: files of tensors, and the sha256 of each. */
  files?: Record<string, string>;
}

/** Files of tensors, and the sha256 that each must have. */
export const filesOf = ({ sha256, files }: RunState): Record<string, string> =>
  files ?? { 'state.safetensors': sha256 ?? '' };

const NAME = /^step-(\d{8})$/;
const nameOf = (step: number) => `step-${String(step).padStart(8, '0')}`;

/** Steps of the whole states in a run's folder, oldest first. */
export function stateSteps(run: string): number[] {
  const dir = join(run, 'states');
  if (!existsSync(dir)) return [];
  const steps = readdirSync(dir).flatMap((name) => (NAME.exec(name)?.[1] ? [Number(NAME.exec(name)![1])] : []));
  return steps.sort((a, b) => a - b);
}

/** What the newest state says of itself, and its folder; null where there is none, or none that can be read. */
export function newestState(run: string): (RunState & { dir: string }) | null {
  const step = stateSteps(run).at(-1);
  if (step === undefined) return null;
  const dir = join(run, 'states', nameOf(step));
  try {
    return { ...readStateJson(join(dir, 'state.json')), dir };
  } catch {
    return null;
  }
}

/** Bytes of a state's file. */
export function stateBytes(tensors: ReadonlyMap<string, Tensor>): number {
  return [...tensors.values()].reduce((sum, { numel, dtype }) => sum + numel * DTYPES[dtype].bytes, 0);
}

/** What `RunState` says beside where its tensors lie. */
export type StateFacts = Omit<RunState, 'format' | 'sha256' | 'files'>;

/**
 * Saves a state and lets go of all but the newest `keep`.
 * @throws UserError ERR_WRITE when the disk has no room, before anything is written
 */
export function writeState(run: string, tensors: ReadonlyMap<string, Tensor>, state: StateFacts, keep: number): string {
  const beside = beginState(run, state.step, stateBytes(tensors));
  try {
    const file = join(beside, 'state.safetensors');
    saveState(file, tensors, state.step);
    return finishState(run, beside, { ...state, sha256: hashFile(file) }, keep);
  } catch (error) {
    rmSync(beside, { recursive: true, force: true });
    throw error;
  }
}

/** The folder in which a state is written before it appears. @throws UserError ERR_WRITE when the disk has no room */
export function beginState(run: string, step: number, bytes: number): string {
  const dir = join(run, 'states');
  makeFolder(dir);
  tidy(dir);
  checkDiskSpace(dir, bytes, `the state after step ${step}`);
  const beside = join(dir, `.${nameOf(step)}.${process.pid}.tmp`);
  makeFolder(beside);
  return beside;
}

/** The state appears, whole, by one rename; all but the newest `keep` go. @returns its folder */
export function finishState(run: string, beside: string, state: Omit<RunState, 'format'>, keep: number): string {
  const dir = join(run, 'states');
  const target = join(dir, nameOf(state.step));
  writeText(join(beside, 'state.json'), stateJson(state));
  rmSync(target, { recursive: true, force: true });
  renameSync(beside, target);
  syncFolder(dir);
  for (const old of stateSteps(run).slice(0, -keep)) rmSync(join(dir, nameOf(old)), { recursive: true, force: true });
  return target;
}

/** Makes a rename durable. Some network file systems refuse it; the data itself is safe by then. */
function syncFolder(dir: string): void {
  try {
    const fd = openSync(dir, 'r');
    try {
      fsyncSync(fd);
    } finally {
      closeSync(fd);
    }
  } catch {}
}

/** Removes what a killed run left beside its states. */
export const tidyStates = (run: string): void => {
  if (existsSync(join(run, 'states'))) tidy(join(run, 'states'));
};

function tidy(dir: string): void {
  for (const name of readdirSync(dir))
    if (/^\.step-\d{8}\.\d+\.tmp$/.test(name)) rmSync(join(dir, name), { recursive: true, force: true });
}

/**
 * The newest state that is whole; damaged ones are told and passed over. Called by all ranks, which share the work of
 * verifying; all find the same one.
 * @returns where the run stands, and the state's folder; null where there is none
 * @throws UserError ERR_RUN when the state is of another recipe or other data, or every state is damaged
 */
export async function findState(
  run: string,
  mine: Pick<RunState, 'recipe' | 'data'>,
  group: ProcessGroup,
  onWarning?: (message: string) => void,
): Promise<(RunState & { dir: string }) | null> {
  const steps = stateSteps(run);
  for (const step of steps.reverse()) {
    const dir = join(run, 'states', nameOf(step));
    const found = verify(dir, group);
    const wrong = (await gatherJson(typeof found === 'string' ? found : null, group)).find((why) => why !== null);
    if (wrong !== undefined || typeof found === 'string') {
      onWarning?.(`the state ${dir} is passed over: ${wrong}`);
      continue;
    }
    checkSameRun(dir, found, mine);
    return { ...found, dir };
  }
  if (steps.length === 0) return null;
  throw new UserError(`Every state in ${join(run, 'states')} is damaged. Start again with another --out.`, {
    code: 'ERR_RUN',
  });
}

/** Reads a state's description and hashes this rank's share of its files. @returns what is wrong, as text */
function verify(dir: string, { rank, size }: ProcessGroup): RunState | string {
  try {
    const state = readStateJson(join(dir, 'state.json'));
    for (const [i, [name, sha256]] of Object.entries(filesOf(state)).entries())
      if (i % size === rank && hashFile(join(dir, name)) !== sha256)
        throw new Error('its content does not match its hash');
    return state;
  } catch (error) {
    return (error as Error).message;
  }
}
