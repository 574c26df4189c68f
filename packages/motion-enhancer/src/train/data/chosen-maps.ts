import { scope, type Tensor, tensor } from '@motion-enhancer/libtorch';
import { UserError } from '@motion-enhancer/support';
import { relativeEntropy } from '../../prior/selection/focus.js';
import { topCount } from '../../prior/selection/top-count.js';
import type { Prior } from '../../prior/store/prior.js';
import type { Recipe } from '../recipe.js';

/**
 * A prior's maps over the heads that the recipe wants: [words, S].
 * @throws UserError ERR_PRIOR when other heads are wanted and the extraction did not keep single heads
 */
export function chosenMaps(
  prior: Prior,
  { heads, headRatio = 0.5 }: Pick<Recipe, 'heads'> & Partial<Pick<Recipe, 'headRatio'>>,
): Tensor {
  if (heads === 'kept') return prior.rows_WFHW.flatten(1);
  const { heads_UWFHW: each, info } = prior;
  if (heads === 'all') {
    const all = prior.allHeads_WFHW ?? each?.mean(0);
    if (all) return all.flatten(1);
    throw new UserError(
      `Expected a prior with the mean over all heads for heads all but received one without (${info.id}). Extract with --keep-all-heads, or take heads kept.`,
      { code: 'ERR_PRIOR' },
    );
  }
  if (!each)
    throw new UserError(
      `Expected a prior with single heads for heads ratio but received one without (${info.id}). Extract with --keep-heads, or take heads kept or all.`,
      { code: 'ERR_PRIOR' },
    );
  const count = topCount(info.heads.length, headRatio);
  const best = info.heads.flatMap(({ rank }, i) => (rank < count ? [i] : []));
  return each
    .indexSelect(0, tensor(best, { dtype: 'int64' }))
    .mean(0)
    .flatten(1);
}

/** Weight of a sample's L_MSE by how focused its prior is: 1 from `full` on, proportionally less below. */
export function gateWeight(rows_WS: Tensor, full: number): number {
  const focus = 1 - scope(() => relativeEntropy(rows_WS).mean().item());
  return Math.min(1, Math.max(0, focus) / full);
}
