import { aten, scope, type Tensor } from '@motion-enhancer/libtorch';
import { type ConvCache, causalConv, pointConv } from './causal-conv.js';
import type { GroupNormWeights, ResnetWeights } from './weights.js';

/** Normalises with group statistics over all frames of the chunk. */
export type NormFunction<N extends GroupNormWeights> = (x_BCTHW: Tensor, weights: N) => Tensor;

/**
 * x + conv(silu(norm(conv(silu(norm(x)))))).
 * Source: diffusers models/autoencoders/autoencoder_kl_cogvideox.py @ 58eb52c0, CogVideoXResnetBlock3D
 */
export function resnetBlock<N extends GroupNormWeights>(
  x_BCTHW: Tensor,
  w: ResnetWeights<N>,
  norm: NormFunction<N>,
  cache: ConvCache,
): Tensor {
  return scope(() => {
    const half = scope(() => causalConv(aten.silu_(norm(x_BCTHW, w.norm1)), w.conv1, cache));
    const update = scope(() => causalConv(aten.silu_(norm(half, w.norm2)), w.conv2, cache));
    return update.add_(w.conv_shortcut ? pointConv(x_BCTHW, w.conv_shortcut) : x_BCTHW);
  });
}
