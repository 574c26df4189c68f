import { arange, aten, embedding, type Tensor } from '@motion-enhancer/libtorch';
import { linear } from '../../../layers/linear.js';
import { mlp } from '../block.js';
import type { Qwen2Config } from '../qwen2-config.js';
import { rmsNorm } from '../rms-norm.js';
import { applyRotary, rotaryTables } from '../rotary.js';
import type { Qwen2Weights } from '../weights.js';
import type { DecodeState } from './decode-state.js';
import { residentLayers } from './resident-layers.js';

/** Keys and values of a layer with room for all tokens to come: [B, G, room, D]. */
export interface LayerCache {
  k: Tensor;
  v: Tensor;
}

/**
 * One token of each sequence through the decoder, by plain operators on tensors whose sizes never change: what is seen of
 * the cache is a mask. The reference implementation of `FusedStep`, and what
 * runs where that cannot.
 * @param caches unused places must hold numbers (zeros do), since nothing times NaN is NaN
 * @returns logits [B, V]
 */
export function plainStep(
  s: DecodeState,
  weights: Qwen2Weights,
  config: Qwen2Config,
  caches: readonly LayerCache[],
): Tensor {
  const B = s.ids.numel;
  const { headDim: D, numAttentionHeads: H, numKeyValueHeads: G, rmsNormEps: eps } = config;
  let h_BC = embedding(s.ids, weights.embed_tokens);
  const rotary = rotaryTables(s.length.add(s.shift).view(B, 1), {
    headDim: D,
    theta: config.ropeTheta,
    section: null, // the position of text is the same on every axis
    dtype: h_BC.dtype,
  });
  const place_1 = s.length.to('int64');
  const columns_1M = arange(0, caches[0]!.k.size(2), 1, { dtype: 'int32', device: h_BC.device }).unsqueeze(0);
  const hidden_B11M = columns_1M
    .gt(s.length)
    .logicalOr(columns_1M.lt(s.first.unsqueeze(1)))
    .unsqueeze(1)
    .unsqueeze(1);
  for (const [layer, w] of residentLayers(weights).entries()) {
    const { k, v } = caches[layer]!;
    const x = rmsNorm(h_BC, w.input_layernorm, eps);
    const heads = (y: Tensor, count: number) => y.view(B, count, 1, D);
    const q_BHRD = applyRotary(heads(linear(x, w.self_attn.q_proj), H), rotary).view(B, G, H / G, D);
    aten.index_copy_(k, 2, place_1, applyRotary(heads(linear(x, w.self_attn.k_proj), G), rotary));
    aten.index_copy_(v, 2, place_1, heads(linear(x, w.self_attn.v_proj), G));
    const scores = q_BHRD
      .matmul(k.transpose(2, 3))
      .to('float32')
      .mul(D ** -0.5);
    const map = scores.maskedFill(hidden_B11M, Number.NEGATIVE_INFINITY).softmax(-1).to(h_BC.dtype);
    h_BC = h_BC.add(linear(map.matmul(v).reshape(B, H * D), w.self_attn.o_proj));
    h_BC = h_BC.add(mlp(rmsNorm(h_BC, w.post_attention_layernorm, eps), w.mlp));
  }
  return rmsNorm(h_BC, weights.norm, eps).matmul(weights.lm_head.transpose(0, 1));
}

/** Logits as numbers of float32, those of seen tokens divided by the penalty (multiplied where negative). */
export function penalised(s: DecodeState, logits_BV: Tensor, penalty: number): Tensor {
  const logits = logits_BV.to('float32');
  if (!s.seen) return logits;
  const scaled = aten.where(logits.lt(0), logits.mul(penalty), logits.div(penalty)) as Tensor;
  return aten.where(s.seen.ne(0), scaled, logits) as Tensor;
}

/** Notes the tokens chosen (int64 [B]) and goes on to the next place. */
export function plainAdvance(s: DecodeState, chosen_B: Tensor): void {
  s.ids.copy_(chosen_B);
  const slot = (aten['remainder.Scalar'](s.steps, s.history.size(0)) as Tensor).to('int64');
  aten.index_copy_(s.history, 0, slot, s.ids.unsqueeze(0));
  if (s.seen) aten['scatter_.value'](s.seen, 1, chosen_B.unsqueeze(1), 1);
  s.length.add_(1);
  s.steps.add_(1);
}
