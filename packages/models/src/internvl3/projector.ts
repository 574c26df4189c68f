import { layerNorm, scope, type Tensor } from '@motion-enhancer/libtorch';
import { linear } from '../layers/linear.js';
import type { ProjectorWeights } from './weights.js';

/** torch's default: the reference names none. */
const EPS = 1e-5;

/**
 * Puts each square of `times` × `times` neighbours into one token, row by row (pixel shuffle "v2").
 * Source: transformers models/internvl/modeling_internvl.py @ v5.18.0 (pixel_shuffle, downsample_ratio = 1 / times).
 * @returns [n, rows · columns / times², C · times²]
 */
export function pixelShuffle(features_NHWC: Tensor, times: number): Tensor {
  const [n, h, w, C] = features_NHWC.shape as [number, number, number, number];
  return features_NHWC
    .reshape(n, h / times, times, w / times, times, C)
    .permute(0, 1, 3, 2, 4, 5)
    .reshape(n, (h / times) * (w / times), times * times * C);
}

/** Features of the vision tower [n, rows, columns, C] → tokens of the language model [n · tokens, C of the decoder]. */
export function projector(features_NHWC: Tensor, weights: ProjectorWeights, times: number): Tensor {
  return scope(() => {
    const x = pixelShuffle(features_NHWC, times).flatten(0, 1);
    const { weight, bias } = weights.layer_norm;
    const normed = layerNorm(x, [x.size(1)], weight, bias, EPS);
    return linear(linear(normed, weights.linear_1).gelu(), weights.linear_2);
  });
}
