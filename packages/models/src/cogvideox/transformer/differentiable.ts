import { attention, cat, ones, stack, type Tensor, zeros } from '@motion-enhancer/libtorch';
import { scaled } from '../../kernels/modulated-norm/scaled.js';
import { linear, plainLinear } from '../../layers/linear.js';
import { type BlockParts, referenceParts } from './block-parts.js';
import type { CogVideoXConfig } from './config.js';
import { trainingKernels } from './kernels/training-kernels.js';
import { patchify, unpatchify } from './patches.js';
import { timeEmbedding } from './time-embedding.js';
import { tokenGrid } from './token-grid.js';
import { type TrainingPositions, trainingPositions } from './training-positions.js';
import type { CogVideoXBlockWeights, Norm, NormZero, TransformerWeights } from './weights.js';

interface Shared {
  config: CogVideoXConfig;
  /** SiLU of the time embedding, [B, timeEmbedDim] */
  time: Tensor;
  positions: TrainingPositions;
  textTokens: number;
  parts: BlockParts;
}

/** A transformer to train: its weights, and what its positions are at one size. */
export interface TrainableTransformer {
  weights: TransformerWeights;
  config: CogVideoXConfig;
  /** Made anew for each call where they are absent. */
  positions?: TrainingPositions;
}

/**
 * The denoiser as `CogVideoXTransformer.forward` computes it, but out of place, so that autograd can record it, and in
 * few passes over the tokens: for training small models. latents [B, Flat, C, h, w], text [B, T, textEmbedDim],
 * timestep [B] → v [B, Flat, C, h, w]. Call it in a scope: what the graph does not need is freed when that ends.
 * Source: diffusers models/transformers/cogvideox_transformer_3d.py @ 58eb52c0
 */
export function differentiableForward(
  latents: Tensor,
  text: Tensor,
  timestep: Tensor,
  { weights, config, positions = trainingPositions(config, latents, text.size(1)) }: TrainableTransformer,
): Tensor {
  const [, flat, , h, w] = latents.shape as [number, number, number, number, number];
  const patches = patchify(latents, weights.patchProj, config);
  const video = positions.added ? patches.add(positions.added) : patches;
  let x = cat([linear(text, weights.textProj), video], 1); // [B, T + S, width]
  const shared: Shared = {
    config,
    time: timeEmbedding(timestep, weights, config).to(latents.dtype).silu(),
    positions,
    textTokens: text.size(1),
    parts: trainingKernels(x, config.attentionHeadDim) ?? referenceParts,
  };
  for (const block of weights.blocks) x = transformerBlock(x, block, shared);
  return unpatchify(linear(lastNorms(x, weights, shared), weights.projOut), tokenGrid(config, flat, h, w), config);
}

/** `transformerBlock_` as a pure function. */
function transformerBlock(x_BND: Tensor, weights: CogVideoXBlockWeights, s: Shared): Tensor {
  const { parts, textTokens } = s;
  const first = modulate(x_BND, weights.norm1, s);
  const attended = parts.gatedResidual(x_BND, jointAttention(first.normed, weights.attn1, s), first.gate, textTokens);
  const second = modulate(attended, weights.norm2, s);
  const inner = linear(second.normed, weights.ff.up).gelu('tanh');
  return parts.gatedResidual(attended, linear(inner, weights.ff.down), second.gate, textTokens);
}

/** The last two norms, of the video's tokens alone: [B, S, width] */
function lastNorms(x_BND: Tensor, weights: TransformerWeights, s: Shared): Tensor {
  const { normFinal, normOut } = weights;
  const video = x_BND.narrow(1, s.textTokens, x_BND.size(1) - s.textTokens);
  const { normEps: eps } = s.config;
  const [batch, width] = [video.size(0), video.size(-1)];
  const like = { dtype: video.dtype, device: video.device };
  // The same for every sample.
  const plain = (parameter_D: Tensor) => parameter_D.expand(batch, 2, width);
  const [gain, bias] = [normFinal.weight ?? ones([width], like), normFinal.bias ?? zeros([width], like)];
  const last = s.parts.modulatedNorm(video, plain(gain), plain(bias), 0, eps);
  const modulation = linear(s.time, normOut.linear).unflatten(1, [2, 1, -1]).expand(batch, 2, 2, -1); // shift, scale
  const { by, plus } = joined(modulation.select(1, 0), modulation.select(1, 1), normOut.norm);
  return s.parts.modulatedNorm(last, by, plus, 0, eps);
}

function modulate(x_BND: Tensor, weights: NormZero, s: Shared) {
  const all = linear(s.time, weights.linear).unflatten(1, [2, 3, -1]); // [B, video and text, 3, width]
  const { by, plus } = joined(all.select(2, 0), all.select(2, 1), weights.norm);
  return { normed: s.parts.modulatedNorm(x_BND, by, plus, s.textTokens, s.config.normEps), gate: all.select(2, 2) };
}

/**
 * (LN(x)·weight + bias) · (1 + scale) + shift = LN(x) · by + plus. The norm's own gain and bias join the modulation's, which
 * are small: their gradients are then sums that the modulation needs anyway.
 */
function joined(shift_B2D: Tensor, scale_B2D: Tensor, w: Norm): { by: Tensor; plus: Tensor } {
  const by = scale_B2D.add(1);
  return { by: w.weight ? by.mul(w.weight) : by, plus: w.bias ? scaled(by, w.bias, shift_B2D) : shift_B2D };
}

function jointAttention(x_BND: Tensor, w: CogVideoXBlockWeights['attn1'], s: Shared): Tensor {
  const { numAttentionHeads: heads, attentionHeadDim: d } = s.config;
  const layers = [w.to_q, w.to_k, w.to_v].map(plainLinear);
  const biases = layers.map(({ bias }) => bias).filter((bias) => bias !== null);
  const qkv = linear(x_BND, {
    weight: cat(layers.map(({ weight }) => weight)),
    bias: biases.length > 0 ? cat(biases) : null,
  }).unflatten(-1, [3, heads, d]); // [B, N, 3, heads, d]
  const norms = stack([w.norm_q.weight!, w.norm_q.bias!, w.norm_k.weight!, w.norm_k.bias!]).unflatten(0, [2, 2]);
  const parts = s.parts.queriesKeysValues(qkv, norms, s.positions, 1e-6);
  const [q, k, v] = parts.map((part) => part.transpose(1, 2)) as [Tensor, Tensor, Tensor];
  return linear(attention(q, k, v).transpose(1, 2).flatten(2), w.to_out);
}
