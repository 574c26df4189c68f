import type { Tensor } from '@motion-enhancer/libtorch';

/**
 * How focused maps are (docs/method.md 7): 1 − H / ln S, H the entropy of a map divided by its sum, in nats. 0 is uniform
 * (or empty), 1 a single cell.
 * @param maps [..., S] @returns [...], float64
 */
export function focusOf(maps: Tensor): Tensor {
  const rows = maps.to('float64');
  const sum = rows.sum(-1, true);
  const p = rows.div(sum.clamp(1e-300));
  const negativeEntropy = p.mul(p.clamp(1e-300).log()).sum(-1);
  const focus = negativeEntropy.div(Math.log(Math.max(2, maps.size(-1)))).add(1);
  return focus.mul(sum.squeeze(-1).gt(0).to('float64'));
}
