import { linearOfRuns } from '@motion-enhancer/core/internal/align/linear-of-runs.js';
import { arange, attention, cat, embedding, scope, type Tensor } from '@motion-enhancer/libtorch';
import type { Qwen2BlockWeights, Qwen2Config, Qwen2Weights, RotaryTables } from '@motion-enhancer/models';
import { rotaryTables } from '@motion-enhancer/models';
import { joined, rotate, runNorm, signedTables } from './layers.js';

export interface RunSequence {
  /** int64 [R, B, N], filled up on the right with any token. */
  ids_RBN: Tensor;
  /** [R, B, S, C]: stands at the places `visual` of every sequence. */
  visual_RBSC: Tensor;
  /** [start, end) of the visual tokens, the same in every sequence. */
  visual: readonly [number, number];
  /** int64 [3, 1, N], the same for every sequence. */
  positions_31N: Tensor;
  /** int64 [R, B, K]: places whose logits are wanted. */
  logitPositions_RBK: Tensor;
  /** int64 [R, B, Q]: places whose attention over the visual tokens is wanted; null for none. */
  rows_RBQ: Tensor | null;
}

export interface RunDecoded {
  /** [R, B, K, V] */
  logits: Tensor;
  /** [R, B, Q, S] float32: mean over layers and heads. */
  rows: Tensor | null;
}

/**
 * The decoder of R runs: `decodeLayers` with a leading run axis. What fills a sequence up stands on its right, where the
 * causal mask hides it.
 */
export function runLanguage(sequence: RunSequence, weights: Qwen2Weights, config: Qwen2Config): RunDecoded {
  return scope(() => {
    const { ids_RBN, visual_RBSC, visual, rows_RBQ } = sequence;
    const [R, B, N] = ids_RBN.shape as [number, number, number];
    const tables = rotaryTables(sequence.positions_31N, {
      headDim: config.headDim,
      theta: config.ropeTheta,
      section: config.mropeSection,
      dtype: visual_RBSC.dtype,
    });
    const context: RunContext = {
      R,
      B,
      N,
      config,
      visual,
      rotary: signedTables({ cos: tables.cos.squeeze(1), sin: tables.sin.squeeze(1) }), // [1, N, D]
      rows: rows_RBQ?.view(R * B, -1) ?? null,
    };
    const text = runEmbedding(ids_RBN, weights.embed_tokens);
    const [start, end] = visual;
    const embeds = cat([text.narrow(2, 0, start), visual_RBSC, text.narrow(2, end, N - end)], 2);
    let h = embeds.view(R, B * N, -1);
    let rows: Tensor | null = null;
    for (const block of weights.layers) {
      const next = block.during((layer) => runBlock(h, layer, context));
      const sum: Tensor | null = rows && next.rows ? rows.add(next.rows) : next.rows;
      h.dispose();
      rows?.dispose();
      h = next.h;
      rows = sum;
    }
    const positions = sequence.logitPositions_RBK.view(R * B, -1);
    const selected = placesOf(h.view(R * B, N, -1), positions).view(R, -1, config.hiddenSize);
    const hidden = runNorm(selected, weights.norm, config.rmsNormEps);
    const logits = hidden.bmm(weights.lm_head.transpose(1, 2)).view(R, B, -1, config.vocabSize);
    const mean = rows?.div(weights.layers.length).view(R, B, -1, end - start) ?? null;
    return { logits, rows: mean };
  });
}

interface RunContext {
  R: number;
  B: number;
  N: number;
  config: Qwen2Config;
  visual: readonly [number, number];
  rotary: RotaryTables;
  /** [R · B, Q] */
  rows: Tensor | null;
}

/** Each run's own table: ids [R, B, N], table [R, V, C] → [R, B, N, C] */
function runEmbedding(ids_RBN: Tensor, table_RVC: Tensor): Tensor {
  const [R, V] = table_RVC.shape as [number, number];
  const first = arange(0, R * V, V, { device: table_RVC.device }).view(R, 1, 1);
  return embedding(ids_RBN.add(first), table_RVC.flatten(0, 1));
}

/** Rows of x [M, N, C] at places [M, K] → [M, K, C] */
function placesOf(x_MNC: Tensor, places_MK: Tensor): Tensor {
  const [M, K] = places_MK.shape as [number, number];
  const C = x_MNC.size(-1);
  return x_MNC.gather(1, places_MK.unsqueeze(-1).expand(M, K, C));
}

function runBlock(h_RMC: Tensor, w: Qwen2BlockWeights, context: RunContext): { h: Tensor; rows: Tensor | null } {
  return scope(() => {
    const eps = context.config.rmsNormEps;
    const attended = runAttention(runNorm(h_RMC, w.input_layernorm, eps), w.self_attn, context);
    const h = h_RMC.add(attended.h);
    const inner = runNorm(h, w.post_attention_layernorm, eps);
    const activated = linearOfRuns(inner, w.mlp.gate_proj).silu().mul(linearOfRuns(inner, w.mlp.up_proj));
    return { h: h.add(linearOfRuns(activated, w.mlp.down_proj)), rows: attended.rows };
  });
}

function runAttention(x_RMC: Tensor, w: Qwen2BlockWeights['self_attn'], context: RunContext) {
  const { R, B, N, rows } = context;
  const { numAttentionHeads: H, numKeyValueHeads: G, headDim: D } = context.config;
  const qkv = linearOfRuns(
    x_RMC,
    joined([w.q_proj, w.k_proj, w.v_proj], (parts) => cat(parts, 1)),
  )
    .view(R * B, N, H + 2 * G, D)
    .transpose(1, 2); // [R · B, H + 2 G, N, D]
  const rotated = rotate(qkv.narrow(1, 0, H + G), context.rotary);
  const shared = (x: Tensor) => (H === G ? x : x.repeatInterleave(H / G, 1));
  const q = rotated.narrow(1, 0, H);
  const k = shared(rotated.narrow(1, H, G));
  const out = attention(q, k, shared(qkv.narrow(1, H + G, G)), { causal: true });
  return {
    h: linearOfRuns(out.transpose(1, 2).reshape(R, B * N, H * D), { weight: w.o_proj.weight, bias: null }),
    rows: rows && visualRows(q, k, rows, context.visual),
  };
}

/**
 * Attention of chosen rows over the visual keys, mean over heads: `attentionRows` for many sequences.
 * @param q_MHND, k_MHND rotated
 * @param rows_MQ query places
 * @returns [M, Q, S] float32
 */
function visualRows(q_MHND: Tensor, k_MHND: Tensor, rows_MQ: Tensor, [start, end]: readonly [number, number]): Tensor {
  const [M, H, N, D] = q_MHND.shape as [number, number, number, number];
  const Q = rows_MQ.size(1);
  const chosen = q_MHND.gather(2, rows_MQ.view(M, 1, Q, 1).expand(M, H, Q, D));
  const scores = chosen
    .matmul(k_MHND.transpose(2, 3))
    .to('float32')
    .mul(D ** -0.5);
  const unseen = arange(0, N, 1, { device: q_MHND.device }).gt(rows_MQ.unsqueeze(-1)).unsqueeze(1); // [M, 1, Q, N]
  return scores
    .maskedFill(unseen, Number.NEGATIVE_INFINITY)
    .softmax(-1)
    .narrow(-1, start, end - start)
    .mean(1);
}
