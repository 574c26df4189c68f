import { aten, cat, conv2d, pad, scope, type Tensor } from '@motion-enhancer/libtorch';
import { type ConvCache, causalConv } from './causal-conv.js';
import { changesTime, type VaeConfig } from './config.js';
import { clipGroupNorm } from './group-norm.js';
import { type NormFunction, resnetBlock } from './resnet.js';
import type { Conv, EncoderWeights, GroupNormWeights } from './weights.js';

/**
 * One chunk of video [B, 3, T, H, W] → moments [B, 2·latentChannels, t, H/8, W/8].
 * Source: diffusers models/autoencoders/autoencoder_kl_cogvideox.py @ 58eb52c0, CogVideoXEncoder3D
 */
export function encodeChunk(video_BCTHW: Tensor, w: EncoderWeights, c: VaeConfig, cache: ConvCache): Tensor {
  const norm: NormFunction<GroupNormWeights> = (x, n) => clipGroupNorm(x, c.normGroups, n, c.normEps);
  let x = causalConv(video_BCTHW, w.conv_in, cache);
  const replace = (next: (x: Tensor) => Tensor): void => {
    const before = x;
    x = scope(() => next(before));
    before.dispose();
  };
  w.stages.forEach((stage, i) => {
    for (const resnet of stage.resnets) replace((y) => resnetBlock(y, resnet, norm, cache));
    const { resample } = stage;
    if (resample) replace((y) => downsample(y, resample, changesTime(c, i)));
  });
  for (const resnet of w.mid) replace((y) => resnetBlock(y, resnet, norm, cache));
  // The eps of this norm is fixed in the source.
  const last = clipGroupNorm(x, c.normGroups, w.norm_out, 1e-6);
  return causalConv(aten.silu_(last), w.conv_out, cache);
}

/** Halves height and width, and time by averaging pairs of frames (an odd count keeps its first frame as it is). */
function downsample(x_BCTHW: Tensor, w: Conv, time: boolean): Tensor {
  return scope(() => {
    const x = pad(time ? halveTime(x_BCTHW) : x_BCTHW, [0, 1, 0, 1]);
    const [b, channels, frames, height, width] = x.shape as [number, number, number, number, number];
    const images = x.transpose(1, 2).reshape(b * frames, channels, height, width);
    const y = conv2d(images, w.weight, w.bias, { stride: 2 });
    return y.unflatten(0, [b, frames]).transpose(1, 2);
  });
}

function halveTime(x_BCTHW: Tensor): Tensor {
  const frames = x_BCTHW.size(2);
  if (frames === 1) return x_BCTHW;
  const odd = frames % 2;
  const pairs = x_BCTHW
    .narrow(2, odd, frames - odd)
    .unflatten(2, [-1, 2])
    .mean(3);
  return odd ? cat([x_BCTHW.narrow(2, 0, 1), pairs], 2) : pairs;
}
