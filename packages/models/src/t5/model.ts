import {
  aten,
  attention,
  type DType,
  embedding,
  linear,
  noGrad,
  scope,
  type Tensor,
  tensorsIn,
} from '@motion-enhancer/libtorch';
import { expected } from '@motion-enhancer/support';
import { openCheckpoint, WeightReader } from '../hub/index.js';
import { readT5Config, type T5Config } from './config.js';
import { relativeBias, relativeBuckets } from './relative-positions.js';
import { readT5Weights, type T5BlockWeights, type T5Weights } from './weights.js';

/** The text encoder of CogVideoX. */
export interface T5Encoder {
  readonly config: T5Config;
  readonly device: string;
  readonly dtype: DType;
  /**
   * Token ids, int64 [B, N] → hidden states [B, N, width] in the model's dtype. There is no mask: padding takes part,
   * as CogVideoX was trained.
   * @throws UserError for ids of another shape or dtype
   */
  forward(ids: Tensor): Tensor;
  dispose(): void;
}

/**
 * Reads a text_encoder folder (config.json and safetensors).
 * @throws UserError for another model's folder, a wrong field, a missing tensor or a wrong shape
 */
export function loadT5Encoder(dir: string, o: { device: string; dtype: DType }): T5Encoder {
  const checkpoint = openCheckpoint(dir);
  const reader = new WeightReader(checkpoint, o);
  const float32Reader = o.dtype === 'float16' ? new WeightReader(checkpoint, { ...o, dtype: 'float32' }) : reader;
  try {
    const config = readT5Config(checkpoint.config, checkpoint.configFile);
    return t5Encoder(config, readT5Weights(reader, float32Reader, config));
  } catch (error) {
    reader.dispose();
    float32Reader.dispose();
    throw error;
  } finally {
    checkpoint.close();
  }
}

/** A model over weights that are already on their device; it owns them from here. */
export function t5Encoder(config: T5Config, weights: T5Weights): T5Encoder {
  const { device, dtype } = weights.embedding;
  return {
    config,
    device,
    dtype,
    forward: (ids) => noGrad(() => scope(() => t5Forward(ids, weights, config))),
    dispose() {
      for (const t of tensorsIn(weights)) t.dispose();
    },
  };
}

/**
 * Token ids, int64 [B, N] → hidden states [B, N, width]; autograd can record it. Call it in a scope.
 * @param buckets of `relativeBuckets`, to save computing them
 * @throws UserError for ids of another shape or dtype
 */
export function t5Forward(
  ids: Tensor,
  weights: T5Weights,
  config: T5Config,
  buckets: Tensor = relativeBuckets(ids.size(-1), config, weights.embedding.device),
): Tensor {
  if (ids.dim !== 2 || ids.dtype !== 'int64' || ids.numel === 0)
    throw expected('int64 [B, N]', 'token ids', `${ids.dtype} [${ids.shape.join(', ')}]`);
  let x_BND = embedding(ids.to(weights.embedding.device), weights.embedding);
  const bias = relativeBias(weights.relativeBias, buckets);
  for (const block of weights.blocks) {
    const before = x_BND;
    x_BND = scope(() => t5Block(before, block, bias, config));
    before.dispose();
  }
  return rmsNorm(x_BND, weights.finalNorm, config.normEps);
}

/** Source: transformers models/t5/modeling_t5.py 5.18.0, T5LayerSelfAttention and T5LayerFF */
function t5Block(x_BND: Tensor, w: T5BlockWeights, bias: Tensor, c: T5Config): Tensor {
  const normed = rmsNorm(x_BND, w.attentionNorm, c.normEps);
  const heads = (weight: Tensor) => linear(normed, weight).unflatten(-1, [c.heads, c.headDim]).transpose(1, 2);
  // T5 does not divide q·k by √headDim; its initial weights do.
  const out = attention(heads(w.q), heads(w.k), heads(w.v), { mask: bias, scale: 1 });
  const middle = x_BND.add(linear(out.transpose(1, 2).flatten(2), w.o));
  const inner = rmsNorm(middle, w.ffNorm, c.normEps);
  const gate = aten.gelu_(linear(inner, w.wi_0), { approximate: 'tanh' }) as Tensor;
  return middle.add(linear(gate.mul_(linear(inner, w.wi_1)).to(w.wo.dtype), w.wo));
}

/**
 * x / √mean(x²) · weight; the mean in float32, rounded to the weight's dtype before the product. A float32 stream
 * (float16 models after the first wo) goes back to float16 here.
 */
function rmsNorm(x: Tensor, weight: Tensor, eps: number): Tensor {
  const variance = x.to('float32').square().mean(-1, true);
  return x.mul(variance.add_(eps).rsqrt()).to(weight.dtype).mul_(weight);
}
