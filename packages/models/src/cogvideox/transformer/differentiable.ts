import {
  aten,
  attention,
  cat,
  full,
  layerNorm,
  linear,
  ones,
  stack,
  type Tensor,
  tensor,
  zeros,
} from '@motion-enhancer/libtorch';
import type { CogVideoXConfig } from './config.js';
import { patchify, unpatchify } from './patches.js';
import { ropeTables } from './rope.js';
import { sinePositions } from './sine-positions.js';
import { timeEmbedding } from './time-embedding.js';
import { tokenGrid } from './token-grid.js';
import type { BlockWeights, Linear, Norm, NormZero, TransformerWeights } from './weights.js';

/** What depends on the latents' size alone: made once for a training. */
export interface TrainingPositions {
  /** Rotary factors of text (unturned) and video tokens, [T + S, 1, 1, headDim], and (x0, x1) → (−x1, x0) as a product. */
  rotary: { cos: Tensor; sin: Tensor; across: Tensor } | null;
  /** Positions that are added to video tokens: [S, width] */
  added: Tensor | null;
  /** 1 / headDim everywhere: [headDim, headDim] */
  average: Tensor;
}

/** @param latents [B, Flat, C, h, w]: their shape, dtype and device count */
export function trainingPositions(config: CogVideoXConfig, latents: Tensor, textTokens: number): TrainingPositions {
  const [, flat, , h, w] = latents.shape as [number, number, number, number, number];
  const { device, dtype } = latents;
  const d = config.attentionHeadDim;
  const average = full([d, d], 1 / d, { dtype, device });
  if (!config.rotary)
    return { rotary: null, added: sinePositions(config, tokenGrid(config, flat, h, w)).to(dtype, device), average };
  const { cos, sin } = ropeTables(config, flat, h, w);
  const table = (text: Tensor, video: Tensor) => cat([text, video]).unsqueeze(1).unsqueeze(1).to(dtype, device);
  const across = Array.from({ length: d * d }, (_, i) => {
    const [row, column] = [Math.floor(i / d), i % d];
    if (row % 2 === 0) return column === row + 1 ? 1 : 0;
    return column === row - 1 ? -1 : 0;
  });
  return {
    rotary: {
      cos: table(ones([textTokens, d]), cos),
      sin: table(zeros([textTokens, d]), sin),
      across: tensor(across, { shape: [d, d] }).to(dtype, device),
    },
    added: null,
    average,
  };
}

interface Shared {
  config: CogVideoXConfig;
  /** SiLU of the time embedding, [B, timeEmbedDim] */
  time: Tensor;
  positions: TrainingPositions;
}

/** The two modalities of a block's tokens: [B, T, width] and [B, S, width]. */
interface Tokens {
  text: Tensor;
  video: Tensor;
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
  weights: TransformerWeights,
  config: CogVideoXConfig,
  positions: TrainingPositions = trainingPositions(config, latents, text.size(1)),
): Tensor {
  const [, flat, , h, w] = latents.shape as [number, number, number, number, number];
  const patches = patchify(latents, weights.patchProj, config);
  let x: Tokens = {
    text: apply(text, weights.textProj),
    video: positions.added ? patches.add(positions.added) : patches,
  };
  const shared: Shared = {
    config,
    time: timeEmbedding(timestep, weights, config).to(latents.dtype).silu(),
    positions,
  };
  for (const block of weights.blocks) x = transformerBlock(x, block, shared);
  const last = norm(x.video, weights.normFinal, config.normEps);
  const [shift, scale] = chunks(shared.time, weights.normOut.linear, 2) as [Tensor, Tensor];
  const modulated = modulatedNorm(last, weights.normOut.norm, config.normEps, scale, shift);
  return unpatchify(apply(modulated, weights.projOut), tokenGrid(config, flat, h, w), config);
}

/** Pure twin of `transformerBlock_`. */
function transformerBlock(x: Tokens, weights: BlockWeights, s: Shared): Tokens {
  const first = modulate(x, weights.norm1, s);
  const attended = first.gated(x, jointAttention(first.normed, weights.attn1, s));
  const second = modulate(attended, weights.norm2, s);
  const inner = apply(second.normed, weights.ff.up).gelu('tanh');
  return second.gated(attended, apply(inner, weights.ff.down));
}

/** x · by + plus in one pass. */
const scaled = (x: Tensor, by: Tensor, plus: Tensor): Tensor => aten.addcmul!(plus, x, by) as Tensor;

/**
 * norm(x) · (1 + scale) + shift. The norm's own gain and bias join the modulation's, which are small: their gradients are
 * then sums that the modulation needs anyway.
 */
function modulatedNorm(x: Tensor, w: Norm, eps: number, scale: Tensor, shift: Tensor): Tensor {
  const by = scale.add(1);
  const plain = layerNorm(x, [x.size(-1)], null, null, eps);
  return scaled(plain, w.weight ? by.mul(w.weight) : by, w.bias ? scaled(by, w.bias, shift) : shift);
}

function modulate(x: Tokens, weights: NormZero, s: Shared) {
  const [shift, scale, gate, textShift, textScale, textGate] = chunks(s.time, weights.linear, 6) as [
    Tensor,
    Tensor,
    Tensor,
    Tensor,
    Tensor,
    Tensor,
  ];
  const T = x.text.size(1);
  const normed = (part: Tensor) => norm(part, weights.norm, s.config.normEps);
  return {
    /** [B, T + S, width] */
    normed: cat([scaled(normed(x.text), textScale.add(1), textShift), scaled(normed(x.video), scale.add(1), shift)], 1),
    gated: (before: Tokens, update_BND: Tensor): Tokens => ({
      text: scaled(update_BND.narrow(1, 0, T), textGate, before.text),
      video: scaled(update_BND.narrow(1, T, x.video.size(1)), gate, before.video),
    }),
  };
}

function jointAttention(x_BND: Tensor, w: BlockWeights['attn1'], s: Shared): Tensor {
  const { numAttentionHeads: heads, attentionHeadDim: d } = s.config;
  // Queries and keys are normed per head. A mean over a head's entries is linear in the weights: taken off there, it
  // costs nothing over the tokens, and products with 1/d give each entry its head's mean square, where a norm over rows
  // of 32 would be slow.
  const centred = (weight: Tensor | null) => {
    if (!weight) return null;
    const byHead = weight.unflatten(0, [heads, d]);
    return byHead.sub(byHead.mean(1, true)).flatten(0, 1);
  };
  const biases = [centred(w.to_q.bias), centred(w.to_k.bias), w.to_v.bias].filter((bias) => bias !== null);
  const all = linear(
    x_BND,
    cat([centred(w.to_q.weight)!, centred(w.to_k.weight)!, w.to_v.weight]),
    biases.length > 0 ? cat(biases) : null,
  ).unflatten(-1, [3, heads, d]); // [B, N, 3, heads, d]
  const both = (pick: (n: Norm) => Tensor) => stack([pick(w.norm_q), pick(w.norm_k)]).unsqueeze(1); // [2, 1, d]
  const raw = all.narrow(2, 0, 2);
  const size = raw.square().matmul(s.positions.average).add(1e-6).rsqrt();
  const normed = scaled(
    raw.mul(size),
    both((n) => n.weight!),
    both((n) => n.bias!),
  );
  const turned = rotated(normed, s.positions);
  const [q, k, v] = [turned.select(2, 0), turned.select(2, 1), all.select(2, 2)].map((part) => part.transpose(1, 2));
  return apply(attention(q!, k!, v!).transpose(1, 2).flatten(2), w.to_out);
}

/** x·cos + (−x1, x0)·sin over adjacent pairs. */
function rotated(x_BN2HD: Tensor, { rotary }: TrainingPositions): Tensor {
  if (!rotary) return x_BN2HD;
  return scaled(x_BN2HD.matmul(rotary.across), rotary.sin, x_BN2HD.mul(rotary.cos));
}

const apply = (x: Tensor, w: Linear): Tensor => linear(x, w.weight, w.bias);

const norm = (x: Tensor, w: Norm, eps: number): Tensor => layerNorm(x, [x.size(-1)], w.weight, w.bias, eps);

/** Modulations [B, 1, width] */
const chunks = (time: Tensor, w: Linear, n: number): Tensor[] => apply(time, w).unsqueeze(1).chunk(n, 2);
