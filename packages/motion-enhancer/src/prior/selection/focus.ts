import type { Tensor } from '@motion-enhancer/libtorch';

/**
 * Entropy of maps in units of that of a uniform map: H / ln S of a map divided by its sum, in nats. 1 is uniform (or
 * empty), 0 a single cell.
 * @param maps [..., S] @returns [...], float64
 */
export function relativeEntropy(maps: Tensor): Tensor {
  const rows = maps.to('float64');
  const sum = rows.sum(-1, true);
  const p = rows.div(sum.clamp(1e-300));
  const entropy = p.mul(p.clamp(1e-300).log()).sum(-1).neg().add(0); // + 0: of a single cell 0, not −0
  const relative = entropy.div(Math.log(Math.max(2, maps.size(-1))));
  return relative.maskedFill(sum.squeeze(-1).le(0), 1);
}

/** How focused maps are (docs/method.md 7): 0 is uniform (or empty), 1 a single cell. [..., S] → [...], float64 */
export const focusOf = (maps: Tensor): Tensor => relativeEntropy(maps).neg().add(1);
