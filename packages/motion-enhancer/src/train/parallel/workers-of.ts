import { availableParallelism, hostname } from 'node:os';
import type { ProcessGroup } from '@motion-enhancer/libtorch';
import type { Recipe } from '../recipe.js';

/** Most threads that a rank starts unasked. */
const MOST = 8;

/** Threads that read media for this rank: ranks of one host share its cores. Null: as a process alone has them. */
export function workersOf(recipe: Pick<Recipe, 'workers'>, { device }: { device: string }, group: ProcessGroup) {
  if (recipe.workers !== null || group.size === 1 || device === 'cpu') return recipe.workers;
  const here = Math.max(1, group.hosts.filter((host) => host === hostname()).length);
  return Math.max(1, Math.min(MOST, Math.floor(availableParallelism() / 2 / here)));
}
