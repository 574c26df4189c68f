import { join } from 'node:path';
import { makeFolder, UserError, writeText } from '@motion-enhancer/support';
import { stringify } from 'yaml';
import type { Grid } from '../../align/index.js';
import { stateSteps } from '../state/states.js';
import type { TrainOptions } from './train.js';

/**
 * Makes the run's folder and writes what is run: run.json, and run.yaml, which `motion-enhancer train` takes again.
 * @throws UserError ERR_RUN where another run's states lie in it
 */
export function startRun({
  vlm,
  rows,
  priors,
  out,
  recipe,
  resume,
  settings,
  sets,
  malformed = [],
  total,
  grid,
}: TrainOptions & { total: number; grid: Grid | null }): void {
  makeFolder(out);
  if (!resume) refuseStates(out);
  const run = {
    vlm: vlm.dir,
    weights: vlm.weights,
    priors,
    rows: rows.length,
    steps: total,
    recipe,
    alignmentGrid: grid,
  };
  writeText(join(out, 'run.json'), `${JSON.stringify(run, null, 2)}\n`);
  // Which rows of which files, by id: the draw of a mixture can be read and repeated.
  if (sets) writeText(join(out, 'data.json'), `${JSON.stringify({ seed: recipe.seed, sets }, null, 1)}\n`);
  if (malformed.length > 0)
    writeText(join(out, 'malformed-rows.jsonl'), malformed.map((row) => `${JSON.stringify(row)}\n`).join(''));
  if (settings) writeText(join(out, 'run.yaml'), stringify(settings));
}

/** @throws UserError ERR_RUN where states of a run lie in the folder */
export function refuseStates(out: string): void {
  const last = stateSteps(out).at(-1);
  if (last !== undefined)
    throw new UserError(
      `The folder ${out} holds a run that was saved after step ${last}. Give --resume to go on with it, or another --out.`,
      { code: 'ERR_RUN' },
    );
}
