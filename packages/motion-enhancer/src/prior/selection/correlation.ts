import type { Tensor } from '@motion-enhancer/libtorch';

/** Pearson's r over the last axis, in float64; 0 where either side does not vary. [..., S] → [...] */
export function correlation(a: Tensor, b: Tensor): Tensor {
  const centred = (x: Tensor) => {
    const wide = x.to('float64');
    return wide.sub(wide.mean(-1, true));
  };
  const [x, y] = [centred(a), centred(b)];
  const norm = x.square().sum(-1).mul(y.square().sum(-1)).sqrt();
  const r = x.mul(y).sum(-1).div(norm.clamp(1e-300));
  return r.maskedFill(norm.le(0), 0);
}
