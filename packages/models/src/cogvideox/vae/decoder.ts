import { aten, cat, conv2d, scope, type Tensor } from '@motion-enhancer/libtorch';
import { type ConvCache, causalConv, pointConv } from './causal-conv.js';
import { changesTime, type VaeConfig } from './config.js';
import { clipGroupNorm } from './group-norm.js';
import { type NormFunction, resnetBlock } from './resnet.js';
import type { Conv, DecoderWeights, SpatialNormWeights } from './weights.js';

/**
 * One chunk of latents [B, latentChannels, t, h, w] → video [B, 3, T, 8h, 8w].
 * Source: diffusers models/autoencoders/autoencoder_kl_cogvideox.py @ 58eb52c0, CogVideoXDecoder3D
 */
export function decodeChunk(latents_BCTHW: Tensor, w: DecoderWeights, c: VaeConfig, cache: ConvCache): Tensor {
  const norm: NormFunction<SpatialNormWeights> = (x, n) => spatialNorm(x, latents_BCTHW, n, c.normGroups);
  let x = causalConv(latents_BCTHW, w.conv_in, cache);
  const replace = (next: (x: Tensor) => Tensor): void => {
    const before = x;
    x = scope(() => next(before));
    before.dispose();
  };
  for (const resnet of w.mid) replace((y) => resnetBlock(y, resnet, norm, cache));
  w.stages.forEach((stage, i) => {
    for (const resnet of stage.resnets) replace((y) => resnetBlock(y, resnet, norm, cache));
    const { resample } = stage;
    if (resample) replace((y) => upsample(y, resample, changesTime(c, i)));
  });
  return causalConv(aten.silu_(norm(x, w.norm_out)), w.conv_out, cache);
}

/**
 * Group norm whose scale and shift are 1 × 1 × 1 convolutions of the latent. They commute with nearest-neighbour
 * enlargement, so they run at the latent's size.
 */
function spatialNorm(x_BCTHW: Tensor, latents_BCTHW: Tensor, w: SpatialNormWeights, groups: number): Tensor {
  return scope(() => {
    const size = x_BCTHW.shape.slice(2) as [number, number, number];
    const scale = enlarge(pointConv(latents_BCTHW, w.conv_y), size);
    const shift = enlarge(pointConv(latents_BCTHW, w.conv_b), size);
    return aten.addcmul(shift, clipGroupNorm(x_BCTHW, groups, w, 1e-6), scale) as Tensor;
  });
}

/** Nearest neighbour to [T, H, W]; the first of an odd number of frames stays alone in time. */
function enlarge(x_BCTHW: Tensor, [frames, height, width]: [number, number, number]): Tensor {
  const to = (x: Tensor, t: number) => aten.upsample_nearest3d(x, [t, height, width]) as Tensor;
  if (frames === 1 || frames % 2 === 0) return to(x_BCTHW, frames);
  const rest = x_BCTHW.narrow(2, 1, x_BCTHW.size(2) - 1);
  return cat([to(x_BCTHW.narrow(2, 0, 1), 1), to(rest, frames - 1)], 2);
}

/** Doubles height and width, and time where `time` says so, except of a single or first odd frame. */
function upsample(x_BCTHW: Tensor, w: Conv, time: boolean): Tensor {
  return scope(() => {
    const [b, , t, h, width] = x_BCTHW.shape as [number, number, number, number, number];
    const frames = !time || t === 1 ? t : t % 2 === 1 ? 2 * t - 1 : 2 * t;
    const large = enlarge(x_BCTHW, [frames, 2 * h, 2 * width]);
    const images = large.transpose(1, 2).flatten(0, 1);
    const y = conv2d(images, w.weight, w.bias, { padding: 1 });
    return y.unflatten(0, [b, frames]).transpose(1, 2);
  });
}
