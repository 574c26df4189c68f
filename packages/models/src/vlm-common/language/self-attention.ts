import { aten, attention, isGradEnabled, type Tensor } from '@motion-enhancer/libtorch';
import { linear } from '../../layers/linear.js';
import { attentionRows } from './attention-rows.js';
import type { KVCache } from './kv-cache.js';
import type { Qwen2Config } from './qwen2-config.js';
import { type RotaryTables, rotateHeads } from './rotary.js';
import type { Qwen2BlockWeights } from './weights.js';

/** What all blocks of one forward pass share. */
export interface BlockContext {
  config: Qwen2Config;
  rotary: RotaryTables; // [B, 1, N, D]
  /** bool [B or 1, 1, N, M], or null: causal when N > 1, the last query beside the last key. */
  mask: Tensor | null;
  cache: KVCache | null;
}

/** Causal self-attention with grouped keys and values. h_BNC → [B, N, C], and the chosen rows of its map [R, N]. */
export function selfAttention(
  h_BNC: Tensor,
  weights: Qwen2BlockWeights['self_attn'],
  context: BlockContext,
  layer: number,
  rows: readonly number[] | Tensor | null,
): { h: Tensor; rows: Tensor | null } {
  const { config, rotary, mask, cache } = context;
  const [B, N] = h_BNC.shape as [number, number, number];
  const heads = (x: Tensor, count: number) => x.view(B, N, count, config.headDim);
  const q = rotateHeads(heads(linear(h_BNC, weights.q_proj), config.numAttentionHeads), rotary);
  let k = rotateHeads(heads(linear(h_BNC, weights.k_proj), config.numKeyValueHeads), rotary);
  let v = heads(linear(h_BNC, weights.v_proj), config.numKeyValueHeads).transpose(1, 2);
  if (cache) ({ k, v } = cache.append(layer, k, v));
  const out_BHND = groupedAttention(q, k, v, mask);
  return {
    h: linear(out_BHND.transpose(1, 2).reshape(B, N, -1), weights.o_proj),
    rows: rows && attentionRows(q, k, rows),
  };
}

/** Fused attention. q [B, H, N, D], k and v [B, G, M, D] with G dividing H. */
function groupedAttention(q: Tensor, k: Tensor, v: Tensor, mask: Tensor | null): Tensor {
  const times = q.size(1) / k.size(1);
  // After a cache the kernel behind `attention` would let the first query see the first key only.
  if (mask === null && q.size(2) > 1 && q.size(2) < k.size(2)) return flashAfterCache(q, k, v);
  const causal = mask === null && q.size(2) > 1;
  // Only flash attention (CUDA, half precision, no mask) shares heads itself; elsewhere `grouped` would fall back to
  // the unfused kernel, whose map is N × M.
  const shared = q.isCuda && q.dtype !== 'float32' && mask === null;
  if (times === 1 || shared) return attention(q, k, v, { mask, causal, grouped: times > 1 });
  return attention(q, k.repeatInterleave(times, 1), v.repeatInterleave(times, 1), { mask, causal });
}

/** Can queries after cached keys do without a mask? With flash attention: on CUDA, in half precision, without gradients. */
export function causalAfterCache(x: Tensor): boolean {
  return x.isCuda && (x.dtype === 'bfloat16' || x.dtype === 'float16') && !isGradEnabled();
}

/** Causal attention in which the last query stands beside the last key; heads may share keys. */
function flashAfterCache(q_BHND: Tensor, k_BGMD: Tensor, v_BGMD: Tensor): Tensor {
  const [q, k, v] = [q_BHND, k_BGMD, v_BGMD].map((x) => x.transpose(1, 2)) as [Tensor, Tensor, Tensor];
  const [out] = aten._flash_attention_forward(q, k, v, null, null, q.size(1), k.size(1), 0, true, false);
  return (out as Tensor).transpose(1, 2);
}
