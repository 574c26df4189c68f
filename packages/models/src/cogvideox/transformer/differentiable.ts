import { attention, cat, layerNorm, linear, type Tensor } from '@motion-enhancer/libtorch';
import type { CogVideoXConfig } from './config.js';
import { patchify, unpatchify } from './patches.js';
import { type Rope, ropeTables } from './rope.js';
import { sinePositions } from './sine-positions.js';
import { timeEmbedding } from './time-embedding.js';
import { tokenGrid } from './token-grid.js';
import type { BlockWeights, Linear, Norm, NormZero, TransformerWeights } from './weights.js';

interface Shared {
  config: CogVideoXConfig;
  textTokens: number;
  /** SiLU of the time embedding, [B, timeEmbedDim] */
  time: Tensor;
  rope: Rope | null;
}

/**
 * The denoiser as `CogVideoXTransformer.forward` computes it, but out of place, so that autograd can record it: for
 * training small models. latents [B, Flat, C, h, w], text [B, T, textEmbedDim], timestep [B] → v [B, Flat, C, h, w].
 * Call it in a scope: what the graph does not need is freed when that ends.
 * Source: diffusers models/transformers/cogvideox_transformer_3d.py @ 58eb52c0
 */
export function differentiableForward(
  latents: Tensor,
  text: Tensor,
  timestep: Tensor,
  weights: TransformerWeights,
  config: CogVideoXConfig,
): Tensor {
  const [, flat, , h, w] = latents.shape as [number, number, number, number, number];
  const { device, dtype } = latents;
  const grid = tokenGrid(config, flat, h, w);
  let video = patchify(latents, weights.patchProj, config);
  if (!config.rotary) video = video.add(sinePositions(config, grid).to(dtype, device));
  const textTokens = text.size(1);
  const shared: Shared = {
    config,
    textTokens,
    time: timeEmbedding(timestep, weights, config).to(dtype).silu(),
    rope: config.rotary ? ropeTables(config, flat, h, w, device) : null,
  };
  let x_BND = cat([apply(text, weights.textProj), video], 1);
  for (const block of weights.blocks) x_BND = transformerBlock(x_BND, block, shared);
  const last = norm(videoPart(x_BND, textTokens), weights.normFinal, config.normEps);
  const [shift, scale] = chunks(shared.time, weights.normOut.linear, 2) as [Tensor, Tensor];
  const modulated = norm(last, weights.normOut.norm, config.normEps).mul(scale.add(1)).add(shift);
  return unpatchify(apply(modulated, weights.projOut), grid, config);
}

/** Pure twin of `transformerBlock_`. */
function transformerBlock(x_BND: Tensor, weights: BlockWeights, s: Shared): Tensor {
  const first = modulate(x_BND, weights.norm1, s);
  const attended = x_BND.add(first.gated(jointAttention(first.normed, weights.attn1, s)));
  const second = modulate(attended, weights.norm2, s);
  const inner = apply(second.normed, weights.ff.up).gelu('tanh');
  return attended.add(second.gated(apply(inner, weights.ff.down)));
}

function modulate(x_BND: Tensor, weights: NormZero, s: Shared) {
  const [shift, scale, gate, textShift, textScale, textGate] = chunks(s.time, weights.linear, 6) as [
    Tensor,
    Tensor,
    Tensor,
    Tensor,
    Tensor,
    Tensor,
  ];
  const normed = norm(x_BND, weights.norm, s.config.normEps);
  const both = (x: Tensor, text: (part: Tensor) => Tensor, video: (part: Tensor) => Tensor): Tensor =>
    cat([text(x.narrow(1, 0, s.textTokens)), video(videoPart(x, s.textTokens))], 1);
  return {
    normed: both(
      normed,
      (part) => part.mul(textScale.add(1)).add(textShift),
      (part) => part.mul(scale.add(1)).add(shift),
    ),
    gated: (update: Tensor) =>
      both(
        update,
        (part) => part.mul(textGate),
        (part) => part.mul(gate),
      ),
  };
}

function jointAttention(x_BND: Tensor, weights: BlockWeights['attn1'], s: Shared): Tensor {
  const { numAttentionHeads: heads, attentionHeadDim: d } = s.config;
  const byHead = (w: Linear): Tensor => apply(x_BND, w).unflatten(-1, [heads, d]).transpose(1, 2); // [B, heads, N, d]
  const q = turned(norm(byHead(weights.to_q), weights.norm_q, 1e-6), s);
  const k = turned(norm(byHead(weights.to_k), weights.norm_k, 1e-6), s);
  return apply(attention(q, k, byHead(weights.to_v)).transpose(1, 2).flatten(2), weights.to_out);
}

/** Rotates adjacent pairs of the video tokens: x·cos + (−x1, x0)·sin, in float32. */
function turned(x_BHND: Tensor, s: Shared): Tensor {
  if (!s.rope) return x_BHND;
  const video = x_BHND.narrow(2, s.textTokens, x_BHND.size(2) - s.textTokens).to('float32');
  const pairs = video.unflatten(-1, [-1, 2]);
  const across = cat([pairs.narrow(-1, 1, 1).neg(), pairs.narrow(-1, 0, 1)], -1).flatten(-2);
  const rotated = video.mul(s.rope.cos).add(across.mul(s.rope.sin)).to(x_BHND.dtype);
  return cat([x_BHND.narrow(2, 0, s.textTokens), rotated], 2);
}

const videoPart = (x_BND: Tensor, textTokens: number): Tensor =>
  x_BND.narrow(1, textTokens, x_BND.size(1) - textTokens);

const apply = (x: Tensor, w: Linear): Tensor => linear(x, w.weight, w.bias);

const norm = (x: Tensor, w: Norm, eps: number): Tensor => layerNorm(x, [x.size(-1)], w.weight, w.bias, eps);

/** Modulations [B, 1, width] */
const chunks = (time: Tensor, w: Linear, n: number): Tensor[] => apply(time, w).unsqueeze(1).chunk(n, 2);
