// What the tests of whole runs share. Importing it writes a VLM, and the prior of one of two rows, into a folder of its own.
import { join } from 'node:path';
import { temporaryFolder } from '@motion-enhancer/support/testing';
import { loadVlm, type Vlm } from '../vlm/families/load.js';
import type { Recipe } from './recipe.js';
import { type StepLog, type TrainOptions, type TrainResult, train } from './run/train.js';
import { OTHER_VIDEO, row, testRecipe, writePrior, writeTestVlm } from './testing.js';

export const dir = temporaryFolder();
export const vlmDir = writeTestVlm(join(dir, 'vlm'));
export const priors = join(dir, 'priors');
export const info = writePrior(priors, 'a');
export const rows = [row('a'), row('b', { video: OTHER_VIDEO })];

export type Run = TrainResult & { out: string; vlm: Vlm };
export type Given = Partial<Omit<TrainOptions, 'recipe'>> & { recipe?: Partial<Recipe> };

let runs = 0;

/** The folder of a run that is yet to begin. */
export const newRun = (): string => join(dir, `run-${runs++}`);

/** Trains a fresh copy of the test's VLM; `look` sees what came of it before it is freed. */
export async function trained(given: Given = {}, look?: (run: Run) => void): Promise<StepLog[]> {
  const out = newRun();
  const vlm = loadVlm(vlmDir, { device: 'cpu', dtype: 'float32', trainable: true });
  try {
    const result = await train({ vlm, rows, priors, out, ...given, recipe: testRecipe(given.recipe) });
    look?.({ ...result, out, vlm });
    return result.log;
  } finally {
    vlm.dispose();
  }
}
