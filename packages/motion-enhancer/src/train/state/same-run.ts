import { expected, UserError } from '@motion-enhancer/support';
import type { Recipe } from '../recipe.js';
import { FREE_TO_CHANGE } from '../recipe-run.js';

interface Run {
  recipe: Recipe;
  data: string;
}

/** @throws UserError ERR_RUN, ERR_VALUE naming what differs: a run that goes on must be the same run */
export function checkSameRun(dir: string, saved: Run, mine: Run): void {
  for (const [name, value] of Object.entries(mine.recipe)) {
    const before = saved.recipe[name as keyof Recipe];
    if (FREE_TO_CHANGE.has(name) || JSON.stringify(before) === JSON.stringify(value)) continue;
    throw expected(
      `${JSON.stringify(before)} (as the run in ${dir} has it)`,
      name,
      value,
      'Go on with the same settings, or start a new run with another --out.',
    );
  }
  if (saved.data !== mine.data)
    throw new UserError(
      `The data or the priors are not those of the run in ${dir}: rows, their order or the store of priors changed. Restore them, or start a new run with another --out.`,
      { code: 'ERR_RUN' },
    );
}
