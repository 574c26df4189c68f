import type { Tensor } from '@motion-enhancer/libtorch';

/** A deviation below so many times the largest entry is what rounding left of an even map. */
const roundingOf = (x: Tensor): number => (x.dtype === 'float64' ? 1e-12 : 1e-5);

/**
 * Mean 0 and variance 1 over the last axis; all 0 where a map does not vary.
 * @returns `z` [..., S], and `varies` [...], 1 or 0
 */
export function standardised(x: Tensor): { z: Tensor; varies: Tensor } {
  const centred = x.sub(x.mean(-1, true));
  const deviation = centred.square().mean(-1, true).sqrt();
  const varies = deviation.gt(x.abs().amax([-1], true).mul(roundingOf(x))).to(x.dtype);
  return { z: centred.div(deviation.clamp(1e-30)).mul(varies), varies: varies.squeeze(-1) };
}
