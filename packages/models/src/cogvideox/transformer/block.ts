import { aten, layerNorm, scope, type Tensor } from '@motion-enhancer/libtorch';
import { type Linear, linear } from '../../layers/linear.js';
import type { Attend } from './attend.js';
import type { CogVideoXConfig } from './config.js';
import type { BlockKernels } from './kernels/block-kernels.js';
import { applyRope_ } from './rope.js';
import type { CogVideoXBlockWeights, Norm, NormZero } from './weights.js';

/** What every block of one forward pass shares. */
export interface BlockContext {
  config: CogVideoXConfig;
  /** T: text tokens, which come first in the sequence. */
  textTokens: number;
  /** SiLU of the time embedding, [1 or B, timeEmbedDim]. */
  time: Tensor;
  /** complex64 [S, headDim / 2]; null in the 2B form. */
  ropeFactors: Tensor | null;
  attend: Attend;
  /** Fused element-wise parts, or null for plain operators. */
  kernels: BlockKernels | null;
}

/**
 * One block on the joint sequence [text, video]; changes `x_BND` in place so that only one copy of it lives. Where
 * `attend` returns fewer sequences of the batch, the block goes on with the first ones alone.
 * Source: diffusers models/transformers/cogvideox_transformer_3d.py CogVideoXBlock and
 * models/attention_processor.py CogVideoXAttnProcessor2_0 @ 58eb52c0
 * @returns how many sequences it went on with
 */
export function transformerBlock_(
  all_BND: Tensor,
  weights: CogVideoXBlockWeights,
  layer: number,
  o: BlockContext,
): number {
  // Scopes of their own: at 45,000 tokens a state of the whole batch takes a gigabyte, and a dozen would live at once.
  const attended = scope(() => {
    const { normed_BND, gate, textGate } = modulatedNorm(all_BND, weights.norm1, o);
    const update = jointAttention(normed_BND, weights.attn1, layer, o);
    return update && { update, gate, textGate };
  });
  if (attended === null) return 0;
  const count = attended.update.size(0);
  const x_BND = all_BND.narrow(0, 0, count);
  const { update, gate, textGate } = attended;
  addGatedResidual_(x_BND, update, { gate: firstOfBatch(gate, count), textGate: firstOfBatch(textGate, count) }, o);
  update.dispose();
  scope(() => {
    const second = modulatedNorm(x_BND, weights.norm2, { ...o, time: firstOfBatch(o.time, count) });
    const inner = activated(second.normed_BND, weights.ff.up, o);
    addGatedResidual_(x_BND, linear(inner, weights.ff.down), second, o);
  });
  return count;
}

/** GELU (tanh) of a projection; with kernels inside of the matrix product (cuBLASLt's epilogue). */
function activated(x_BND: Tensor, up: Linear, { kernels }: BlockContext): Tensor {
  if (kernels && up.bias && !up.adapter) {
    const flat = x_BND.flatten(0, 1);
    const out = aten._addmm_activation(up.bias, flat, up.weight.transpose(0, 1), { use_gelu: true }) as Tensor;
    return out.unflatten(0, [x_BND.size(0), x_BND.size(1)]);
  }
  return aten.gelu_(linear(x_BND, up), { approximate: 'tanh' }) as Tensor;
}

/** The first `count` of a batch; what the whole batch shares stays as it is. */
export function firstOfBatch(x: Tensor, count: number): Tensor {
  return x.size(0) > count && x.size(0) > 1 ? x.narrow(0, 0, count) : x;
}

interface Modulated {
  normed_BND: Tensor;
  /** [1 or B, 1, width] each */
  gate: Tensor;
  textGate: Tensor;
}

/** (1 + scale) · LN(x) + shift, with separate shift, scale and gate for text and video. */
function modulatedNorm(x_BND: Tensor, weights: NormZero, o: BlockContext): Modulated {
  const { config: c, kernels } = o;
  const modulation = linear(o.time, weights.linear);
  const [shift, scale, gate, textShift, textScale, textGate] = modulation.unsqueeze(1).chunk(6, 2) as [
    Tensor,
    Tensor,
    Tensor,
    Tensor,
    Tensor,
    Tensor,
  ];
  if (kernels) {
    const normed_BND = kernels.modulatedNorm(x_BND, weights.norm, modulation, o.textTokens, c.normEps);
    return { normed_BND, gate, textGate };
  }
  const normed_BND = layerNorm(x_BND, [c.width], weights.norm.weight, weights.norm.bias, c.normEps);
  const [text, video] = parts(normed_BND, o.textTokens);
  aten['addcmul.out'](textShift, text, textScale.add(1), text);
  aten['addcmul.out'](shift, video, scale.add(1), video);
  return { normed_BND, gate, textGate };
}

function addGatedResidual_(
  x_BND: Tensor,
  update_BND: Tensor,
  m: Pick<Modulated, 'gate' | 'textGate'>,
  o: BlockContext,
): void {
  const [text, video] = parts(x_BND, o.textTokens);
  const [textUpdate, videoUpdate] = parts(update_BND, o.textTokens);
  aten.addcmul_(text, m.textGate, textUpdate);
  aten.addcmul_(video, m.gate, videoUpdate);
}

/** null where no sequence goes on. */
function jointAttention(
  x_BND: Tensor,
  weights: CogVideoXBlockWeights['attn1'],
  layer: number,
  o: BlockContext,
): Tensor | null {
  const { numAttentionHeads: heads, attentionHeadDim: headDim } = o.config;
  const byHead = (w: Linear): Tensor => linear(x_BND, w).unflatten(-1, [heads, headDim]); // [B, N, heads, headDim]
  const [q_BNHD, k_BNHD] = normedAndRotated(byHead(weights.to_q), byHead(weights.to_k), weights, o);
  const v_BNHD = byHead(weights.to_v);
  const out_BHND = o.attend(q_BNHD.transpose(1, 2), k_BNHD.transpose(1, 2), v_BNHD.transpose(1, 2), {
    layer,
    textTokens: o.textTokens,
  });
  return out_BHND.size(0) > 0 ? linear(out_BHND.transpose(1, 2).flatten(2), weights.to_out) : null;
}

/** The eps of the per-head norms is fixed in the source, not in the config. */
const HEAD_EPS = 1e-6;

/** LayerNorm of every head, then the rotation; `q` and `k` are fresh and may be changed. */
function normedAndRotated(
  q: Tensor,
  k: Tensor,
  weights: CogVideoXBlockWeights['attn1'],
  o: BlockContext,
): [Tensor, Tensor] {
  const { kernels, ropeFactors, textTokens } = o;
  if (kernels) {
    const norms = { q: weights.norm_q, k: weights.norm_k };
    kernels.headNormRotary_({ q_BNHD: q, k_BNHD: k, norms, factors: ropeFactors, textTokens, eps: HEAD_EPS });
    return [q, k];
  }
  const normed = (x: Tensor, norm: Norm) => layerNorm(x, [x.size(-1)], norm.weight, norm.bias, HEAD_EPS);
  const both: [Tensor, Tensor] = [normed(q, weights.norm_q), normed(k, weights.norm_k)];
  if (ropeFactors) for (const x of both) applyRope_(x, ropeFactors, textTokens);
  return both;
}

function parts(x_BND: Tensor, textTokens: number): [text: Tensor, video: Tensor] {
  return [x_BND.narrow(1, 0, textTokens), x_BND.narrow(1, textTokens, x_BND.size(1) - textTokens)];
}
