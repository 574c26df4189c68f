// States of a run: RUN/states/step-00000100/ with state.safetensors (weights, master weights, moments, aligner) and
// state.json (where the run stands, the recipe, sha256 of the tensors). A folder of that name is whole: it is written
// beside, synced and renamed.
import { closeSync, existsSync, fsyncSync, openSync, readdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { DTYPES, type Tensor } from '@motion-enhancer/libtorch';
import { checkDiskSpace, hashFile, makeFolder, UserError, writeText } from '@motion-enhancer/support';
import { loadState, saveState } from '../../data/state-file.js';
import type { Recipe } from '../recipe.js';
import { checkSameRun } from './same-run.js';

/** Where a run stands: with the tensors, all that its next step depends on. */
export interface RunState {
  format: 1;
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
  /** sha256 of state.safetensors */
  sha256: string;
}

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
    const state = JSON.parse(readFileSync(join(dir, 'state.json'), 'utf8')) as RunState;
    return state.format === 1 ? { ...state, dir } : null;
  } catch {
    return null;
  }
}

/** Bytes of a state's file. */
export function stateBytes(tensors: ReadonlyMap<string, Tensor>): number {
  return [...tensors.values()].reduce((sum, { numel, dtype }) => sum + numel * DTYPES[dtype].bytes, 0);
}

/**
 * Saves a state and lets go of all but the newest `keep`.
 * @throws UserError ERR_WRITE when the disk has no room, before anything is written
 */
export function writeState(
  run: string,
  tensors: ReadonlyMap<string, Tensor>,
  state: Omit<RunState, 'format' | 'sha256'>,
  keep: number,
): string {
  const dir = join(run, 'states');
  makeFolder(dir);
  tidy(dir);
  checkDiskSpace(dir, stateBytes(tensors), `the state after step ${state.step}`);
  const target = join(dir, nameOf(state.step));
  const beside = join(dir, `.${nameOf(state.step)}.${process.pid}.tmp`);
  makeFolder(beside);
  try {
    const file = join(beside, 'state.safetensors');
    saveState(file, tensors, state.step);
    const whole: RunState = { format: 1, ...state, sha256: hashFile(file) };
    writeText(join(beside, 'state.json'), `${JSON.stringify(whole, null, 2)}\n`);
    rmSync(target, { recursive: true, force: true });
    renameSync(beside, target);
    syncFolder(dir);
  } catch (error) {
    rmSync(beside, { recursive: true, force: true });
    throw error;
  }
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

/** What a killed run left beside its states. */
function tidy(dir: string): void {
  for (const name of readdirSync(dir))
    if (/^\.step-\d{8}\.\d+\.tmp$/.test(name)) rmSync(join(dir, name), { recursive: true, force: true });
}

/**
 * Copies the newest state that is whole into these tensors; damaged ones are told and passed over.
 * @returns where the run stands; null where there is none
 * @throws UserError ERR_RUN when the state is of another recipe or other data, or every state is damaged
 */
export function readState(
  run: string,
  tensors: ReadonlyMap<string, Tensor>,
  mine: Pick<RunState, 'recipe' | 'data'>,
  onWarning?: (message: string) => void,
): RunState | null {
  const steps = stateSteps(run);
  for (const step of steps.reverse()) {
    const dir = join(run, 'states', nameOf(step));
    const file = join(dir, 'state.safetensors');
    let state: RunState;
    try {
      state = JSON.parse(readFileSync(join(dir, 'state.json'), 'utf8')) as RunState;
      if (state.format !== 1 || hashFile(file) !== state.sha256) throw new Error('its content does not match its hash');
    } catch (error) {
      onWarning?.(`the state ${dir} is passed over: ${(error as Error).message}`);
      continue;
    }
    checkSameRun(dir, state, mine);
    loadState(file, tensors);
    return state;
  }
  if (steps.length === 0) return null;
  throw new UserError(`Every state in ${join(run, 'states')} is damaged. Start again with another --out.`, {
    code: 'ERR_RUN',
  });
}
