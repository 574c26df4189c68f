import { aten, groupNorm, scope, type Tensor } from '@motion-enhancer/libtorch';
import type { GroupNormWeights } from './weights.js';

/** Keeps 1 / σ of a plane of one colour finite; nothing beside the eps of the norms. */
const TINY = 1e-12;

/**
 * Group norm of one clip [1, C, T, H, W]. On a GPU in half precision its statistics come from the planes of each channel
 * and frame: libtorch's own operator gives a group to one thread block, which leaves three quarters of an H200 idle and
 * took 47 % of the encoder's time (docs/decisions/2026-11-26-autoencoder-speed.md). Sums are in float32 either way.
 */
export function clipGroupNorm(
  x_BCTHW: Tensor,
  groups: number,
  { weight, bias }: GroupNormWeights,
  eps: number,
): Tensor {
  const [batch, channels, frames, height, width] = x_BCTHW.shape as [number, number, number, number, number];
  const half = x_BCTHW.dtype === 'bfloat16' || x_BCTHW.dtype === 'float16';
  // The element-wise operator counts in 32 bits.
  if (!half || !x_BCTHW.device.startsWith('cuda') || batch !== 1 || x_BCTHW.numel >= 2 ** 31)
    return groupNorm(x_BCTHW, groups, weight, bias, eps);
  return scope(() => {
    const x = x_BCTHW.contiguous();
    const planes = channels * frames;
    const [mean_P, inverse_P] = aten.batch_norm_stats(x.view(1, planes, height * width), TINY) as [Tensor, Tensor];
    // All planes are of one size, so a group's mean is the mean of means, and its variance that within and among them.
    const mean_GP = mean_P.reshape(groups, planes / groups);
    const within_G = inverse_P
      .square()
      .reciprocal()
      .reshape(groups, planes / groups)
      .mean(1);
    const mean_G = mean_GP.mean(1);
    const among_G = mean_GP.sub(mean_G.unsqueeze(1)).square().mean(1);
    const inverse_G = within_G.add(among_G).add(eps).rsqrt();
    const byChannel = (value_G: Tensor) => value_G.repeatInterleave(channels / groups, 0);
    const toFloat32 = (value: Tensor) => value.to('float32');
    return aten.batch_norm_elemt(
      x,
      toFloat32(weight),
      toFloat32(bias),
      byChannel(mean_G),
      byChannel(inverse_G),
      eps,
    ) as Tensor;
  });
}
