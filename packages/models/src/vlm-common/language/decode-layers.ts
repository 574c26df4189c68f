import {
  type Checkpoints,
  isGradEnabled,
  runBlock,
  scope,
  stack,
  type Tensor,
  tensor,
} from '@motion-enhancer/libtorch';
import { attentionMask } from './attention-mask.js';
import { block } from './block.js';
import type { KVCache } from './kv-cache.js';
import type { Qwen2Config } from './qwen2-config.js';
import { rmsNorm } from './rms-norm.js';
import { rotaryTables } from './rotary.js';
import { causalAfterCache } from './self-attention.js';
import type { Qwen2BlockWeights, Qwen2Weights } from './weights.js';

/** Positions whose logits are wanted: every one, the last, or a list. Logits of a large vocabulary are costly. */
export type LogitsAt = 'all' | 'last' | readonly number[];

export interface DecoderOptions {
  /** int64 [3, B, N] for multimodal rotary positions, else [B, N]. */
  positions: Tensor;
  /** [B, past + N]: 1 for tokens, 0 for padding. */
  attentionMask?: Tensor | null;
  /** Query positions whose attention rows are wanted; needs B = 1 and no cache. */
  rows?: readonly number[] | null;
  logits?: LogitsAt;
  cache?: KVCache | null;
  /** Keeps only the blocks' inputs for a backward pass through `Checkpoints.backward`. */
  checkpoints?: Checkpoints | null;
  /** Called after every block with its output [B, N, C]; `keep` it to use it later. */
  onBlock?: (layer: number, h_BNC: Tensor) => void;
}

export interface Decoded {
  /** [B, positions asked for, V] */
  logits: Tensor;
  /** [B, N, C] after the last norm. */
  hidden: Tensor;
  /** [R, N] float32: attention of the chosen rows, mean over layers and heads. */
  rows: Tensor | null;
}

/** Runs the decoder on embeddings [B, N, C]. */
export function decodeLayers(
  embeds_BNC: Tensor,
  weights: Qwen2Weights,
  config: Qwen2Config,
  o: DecoderOptions,
): Decoded {
  return scope(() => {
    const n = embeds_BNC.size(1);
    const cache = o.cache ?? null;
    const context = {
      config,
      rotary: rotaryTables(o.positions, {
        headDim: config.headDim,
        theta: config.ropeTheta,
        section: config.mropeSection,
        dtype: embeds_BNC.dtype,
      }),
      mask:
        !o.attentionMask && causalAfterCache(embeds_BNC)
          ? null
          : attentionMask(n, cache?.length ?? 0, o.attentionMask ?? null, embeds_BNC.device),
      cache,
    };
    o.checkpoints?.hold(context.rotary);
    if (context.mask) o.checkpoints?.hold(context.mask);
    // Copied to the device once: a copy in every layer would make the host wait for all that is queued.
    const rowIndex = o.rows ? tensor([...o.rows], { dtype: 'int64', device: embeds_BNC.device }) : null;
    if (rowIndex) o.checkpoints?.hold(rowIndex);
    let h = embeds_BNC;
    // In training every layer's rows are there until the backward pass anyway, and one mean is fewer operators.
    const training = isGradEnabled();
    const each: Tensor[] = [];
    let rows: Tensor | null = null;
    for (const layer of weights.layers.keys()) {
      // A scope per block: at inference only one block's activations live at a time.
      const next = scope(() => {
        const body = (x: Tensor, w: Qwen2BlockWeights) => block(x, w, context, layer, rowIndex);
        const out = runBlock(weights.layers, layer, h, body, o.checkpoints ?? null);
        o.onBlock?.(layer, out.h);
        return { h: out.h, rows: training ? out.rows : runningMean(rows, out.rows, layer) };
      });
      if (layer > 0) h.dispose();
      h = next.h;
      if (training && next.rows) each.push(next.rows);
      else {
        rows?.dispose();
        rows = next.rows;
      }
    }
    if (each.length > 0) rows = stack(each).mean(0);
    cache?.advance(n);
    const hidden = rmsNorm(h, weights.norm, config.rmsNormEps);
    return { logits: logitsAt(hidden, weights.lm_head, o.logits ?? 'all'), hidden, rows };
  });
}

function runningMean(mean: Tensor | null, next: Tensor | null, count: number): Tensor | null {
  if (mean === null || next === null) return next;
  return mean.add(next.sub(mean), 1 / (count + 1));
}

/** Logits [B, K, V] of the positions asked for. hidden [B, N, C], head [V, C] */
export function logitsAt(hidden_BNC: Tensor, head: Tensor, at: LogitsAt): Tensor {
  const n = hidden_BNC.size(1);
  const chosen =
    at === 'all'
      ? hidden_BNC
      : at === 'last'
        ? hidden_BNC.narrow(1, n - 1, 1)
        : hidden_BNC.indexSelect(1, tensor([...at], { dtype: 'int64', device: hidden_BNC.device }));
  return chosen.matmul(head.transpose(0, 1));
}
