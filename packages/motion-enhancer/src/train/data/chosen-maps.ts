import { type Tensor, tensor } from '@motion-enhancer/libtorch';
import { UserError } from '@motion-enhancer/support';
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
  const count = Math.max(1, Math.ceil(headRatio * info.heads.length));
  const best = info.heads.flatMap(({ rank }, i) => (rank < count ? [i] : []));
  return each
    .indexSelect(0, tensor(best, { dtype: 'int64' }))
    .mean(0)
    .flatten(1);
}

/** How focused maps are: 1 − entropy in units of that of a uniform map, mean over words (docs/method.md 7). [words, S] */
export function focusOf(rows_WS: Tensor): number {
  const p = rows_WS.to('float64').div(rows_WS.to('float64').sum(-1, true).clamp(1e-300));
  const entropy = p.mul(p.clamp(1e-300).log()).sum(-1).neg(); // [words]
  return (
    1 -
    entropy
      .div(Math.log(Math.max(2, rows_WS.size(-1))))
      .mean()
      .item()
  );
}

/** Weight of a sample's L_MSE by how focused its prior is: 1 from `full` on, proportionally less below. */
export const gateWeight = (rows_WS: Tensor, full: number): number => Math.min(1, Math.max(0, focusOf(rows_WS)) / full);
