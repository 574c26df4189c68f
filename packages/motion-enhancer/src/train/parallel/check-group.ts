import { createHash } from 'node:crypto';
import { noGrad, type ProcessGroup, scope } from '@motion-enhancer/libtorch';
import { CODE_VERSION, expected } from '@motion-enhancer/support';
import type { Row } from '../../data/rows.js';
import type { Vlm } from '../../vlm/index.js';
import type { PriorIndex } from '../data/prior-index.js';
import type { Recipe } from '../recipe.js';
import { dataHash } from '../run/check-run.js';
import { sameOnAllRanks } from './same-on-all-ranks.js';

export interface GroupRun {
  vlm: Vlm;
  rows: readonly Row[];
  recipe: Recipe;
  resume?: boolean;
}

/**
 * Refuses what a group of ranks cannot train, or ranks that would train different things. Called by all ranks.
 * @throws UserError ERR_VALUE, ERR_GROUP
 */
export async function checkGroup(run: GroupRun, index: PriorIndex | null, group: ProcessGroup): Promise<void> {
  if (group.size === 1) return;
  const { vlm, rows, recipe, resume = false } = run;
  if (recipe.batchSize < group.size)
    throw expected(
      `at least ${group.size}, a sample for each rank,`,
      'batchSize',
      recipe.batchSize,
      'Raise it, or take fewer GPUs.',
    );
  const contents = rows.map(({ id, turns }) => `${id} ${JSON.stringify(turns)}`).join('\n');
  await sameOnAllRanks(
    {
      ...ofAll(recipe),
      resume,
      ...{ family: vlm.family.id, dtype: vlm.dtype, code: CODE_VERSION },
      rows: rows.length,
      'the data (hash of its rows)': createHash('sha256').update(contents).digest('hex').slice(0, 16),
      'the data and priors (hash)': dataHash(rows, index).slice(0, 16),
      'the model (hash of its weights)': modelHash(vlm),
    },
    group,
  );
}

/** How a host reads its files is its own affair. */
function ofAll({ workers: _, prefetch: __, ...recipe }: Recipe): Omit<Recipe, 'workers' | 'prefetch'> {
  return recipe;
}

/** Names, shapes, and a few values of each: two checkpoints of one model differ in them. */
function modelHash({ model }: Vlm): string {
  const hash = createHash('sha256');
  noGrad(() => {
    for (const [name, p] of model.parameters()) {
      const values = scope(() => p.flatten().narrow(0, 0, Math.min(VALUES, p.numel)).toArray());
      hash.update(`${name} ${p.shape} ${p.dtype} ${values}\n`);
    }
  });
  return hash.digest('hex').slice(0, 16);
}

const VALUES = 8;
