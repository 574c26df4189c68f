import type { Tensor } from '@motion-enhancer/libtorch';
import type { WeightReader } from '../../hub/index.js';
import type { Linear } from '../../layers/linear.js';
import type { CogVideoXConfig } from './config.js';

export interface Norm {
  weight: Tensor | null;
  bias: Tensor | null;
}
/** Modulation by the time embedding, then one LayerNorm that text and video share. */
export interface NormZero {
  linear: Linear;
  norm: Norm;
}
/** Weights of one block. */
export interface CogVideoXBlockWeights {
  norm1: NormZero;
  attn1: { to_q: Linear; to_k: Linear; to_v: Linear; to_out: Linear; norm_q: Norm; norm_k: Norm };
  norm2: NormZero;
  ff: { up: Linear; down: Linear };
}
/** Mirrors the checkpoint of diffusers' CogVideoXTransformer3DModel. */
export interface TransformerWeights {
  /** weight [width, C·p_t·p·p] (1.5) or [width, C, p, p] (1.0) */
  patchProj: Linear;
  textProj: Linear;
  time1: Linear;
  time2: Linear;
  blocks: CogVideoXBlockWeights[];
  normFinal: Norm;
  normOut: NormZero;
  projOut: Linear;
}

/** Reads every weight. Names: diffusers models/transformers/cogvideox_transformer_3d.py @ 58eb52c0. */
export function readTransformerWeights(r: WeightReader, c: CogVideoXConfig): TransformerWeights {
  const { width: w, timeEmbedDim: t, attentionHeadDim: d, patchSize: p } = c;
  const linear = (name: string, out: number, inp: number, bias = true): Linear => ({
    weight: r.get(`${name}.weight`, [out, inp]),
    bias: bias ? r.get(`${name}.bias`, [out]) : null,
  });
  const norm = (name: string, size: number, affine = true): Norm => ({
    weight: affine ? r.get(`${name}.weight`, [size]) : null,
    bias: affine ? r.get(`${name}.bias`, [size]) : null,
  });
  const normZero = (name: string, outputs: number): NormZero => ({
    linear: linear(`${name}.linear`, outputs * w, t),
    norm: norm(`${name}.norm`, w, c.normAffine),
  });
  const block = (i: number): CogVideoXBlockWeights => {
    const at = `transformer_blocks.${i}`;
    return {
      norm1: normZero(`${at}.norm1`, 6),
      attn1: {
        to_q: linear(`${at}.attn1.to_q`, w, w, c.attentionBias),
        to_k: linear(`${at}.attn1.to_k`, w, w, c.attentionBias),
        to_v: linear(`${at}.attn1.to_v`, w, w, c.attentionBias),
        to_out: linear(`${at}.attn1.to_out.0`, w, w),
        norm_q: norm(`${at}.attn1.norm_q`, d),
        norm_k: norm(`${at}.attn1.norm_k`, d),
      },
      norm2: normZero(`${at}.norm2`, 6),
      ff: { up: linear(`${at}.ff.net.0.proj`, 4 * w, w), down: linear(`${at}.ff.net.2`, w, 4 * w) },
    };
  };
  const patchShape = c.patchSizeT === null ? [w, c.inChannels, p, p] : [w, c.inChannels * c.patchSizeT * p * p];
  return {
    patchProj: {
      weight: r.get('patch_embed.proj.weight', patchShape),
      // 1.5's projection is linear and has a bias whatever patch_bias says.
      bias: c.patchSizeT !== null || c.patchBias ? r.get('patch_embed.proj.bias', [w]) : null,
    },
    textProj: linear('patch_embed.text_proj', w, c.textEmbedDim),
    time1: linear('time_embedding.linear_1', t, w),
    time2: linear('time_embedding.linear_2', t, t),
    blocks: Array.from({ length: c.numLayers }, (_, i) => block(i)),
    normFinal: norm('norm_final', w, c.normAffine),
    normOut: normZero('norm_out', 2),
    projOut: linear('proj_out', (c.patchSizeT ?? 1) * p * p * c.outChannels, w),
  };
}
