import { aten, layerNorm, linear, type Tensor } from '@motion-enhancer/libtorch';
import type { Attend } from './attend.js';
import type { CogVideoXConfig } from './config.js';
import { applyRope_ } from './rope.js';
import type { BlockWeights, Linear, Norm, NormZero } from './weights.js';

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
}

/**
 * One block on the joint sequence [text, video]; changes `x_BND` in place so that only one copy of it lives. Where
 * `attend` returns fewer rows of the batch, the block goes on with the first ones alone.
 * Source: diffusers models/transformers/cogvideox_transformer_3d.py CogVideoXBlock and
 * models/attention_processor.py CogVideoXAttnProcessor2_0 @ 58eb52c0
 * @returns how many rows it went on with
 */
export function transformerBlock_(all_BND: Tensor, weights: BlockWeights, layer: number, o: BlockContext): number {
  const first = modulatedNorm(all_BND, weights.norm1, o);
  const attended = jointAttention(first.normed_BND, weights.attn1, layer, o);
  if (attended === null) return 0;
  const rows = attended.size(0);
  const x_BND = all_BND.narrow(0, 0, rows);
  addGated_(x_BND, attended, { gate: firstRows(first.gate, rows), textGate: firstRows(first.textGate, rows) }, o);
  const second = modulatedNorm(x_BND, weights.norm2, { ...o, time: firstRows(o.time, rows) });
  const inner = aten.gelu_!(apply(second.normed_BND, weights.ff.up), { approximate: 'tanh' }) as Tensor;
  addGated_(x_BND, apply(inner, weights.ff.down), second, o);
  return rows;
}

/** The first rows of a batch; what all rows share stays. */
export function firstRows(x: Tensor, rows: number): Tensor {
  return x.size(0) > rows && x.size(0) > 1 ? x.narrow(0, 0, rows) : x;
}

interface Modulated {
  normed_BND: Tensor;
  /** [1 or B, 1, width] each */
  gate: Tensor;
  textGate: Tensor;
}

/** (1 + scale) · LN(x) + shift, with separate shift, scale and gate for text and video. */
function modulatedNorm(x_BND: Tensor, weights: NormZero, o: BlockContext): Modulated {
  const { config: c } = o;
  const [shift, scale, gate, textShift, textScale, textGate] = apply(o.time, weights.linear)
    .unsqueeze(1)
    .chunk(6, 2) as [Tensor, Tensor, Tensor, Tensor, Tensor, Tensor];
  const normed_BND = layerNorm(x_BND, [c.width], weights.norm.weight, weights.norm.bias, c.normEps);
  const [text, video] = parts(normed_BND, o.textTokens);
  aten['addcmul.out']!(textShift, text, textScale.add(1), text);
  aten['addcmul.out']!(shift, video, scale.add(1), video);
  return { normed_BND, gate, textGate };
}

function addGated_(x_BND: Tensor, update_BND: Tensor, m: Pick<Modulated, 'gate' | 'textGate'>, o: BlockContext): void {
  const [text, video] = parts(x_BND, o.textTokens);
  const [textUpdate, videoUpdate] = parts(update_BND, o.textTokens);
  aten.addcmul_!(text, m.textGate, textUpdate);
  aten.addcmul_!(video, m.gate, videoUpdate);
}

/** null where no row goes on. */
function jointAttention(x_BND: Tensor, weights: BlockWeights['attn1'], layer: number, o: BlockContext): Tensor | null {
  const { numAttentionHeads: heads, attentionHeadDim: headDim } = o.config;
  const byHead = (w: Linear): Tensor => apply(x_BND, w).unflatten(-1, [heads, headDim]); // [B, N, heads, headDim]
  const q_BNHD = headNorm(byHead(weights.to_q), weights.norm_q);
  const k_BNHD = headNorm(byHead(weights.to_k), weights.norm_k);
  const v_BNHD = byHead(weights.to_v);
  if (o.ropeFactors) {
    applyRope_(q_BNHD, o.ropeFactors, o.textTokens);
    applyRope_(k_BNHD, o.ropeFactors, o.textTokens);
  }
  const out_BHND = o.attend(q_BNHD.transpose(1, 2), k_BNHD.transpose(1, 2), v_BNHD.transpose(1, 2), {
    layer,
    textTokens: o.textTokens,
  });
  return out_BHND.size(0) > 0 ? apply(out_BHND.transpose(1, 2).flatten(2), weights.to_out) : null;
}

/** The eps of the per-head norms is fixed in the source, not in the config. */
function headNorm(x_BNHD: Tensor, norm: Norm): Tensor {
  return layerNorm(x_BNHD, [x_BNHD.size(-1)], norm.weight, norm.bias, 1e-6);
}

function apply(x: Tensor, w: Linear): Tensor {
  return linear(x, w.weight, w.bias);
}

function parts(x_BND: Tensor, textTokens: number): [text: Tensor, video: Tensor] {
  return [x_BND.narrow(1, 0, textTokens), x_BND.narrow(1, textTokens, x_BND.size(1) - textTokens)];
}
