import { attention, type Checkpoints, cat, runBlock, scope, type Tensor } from '@motion-enhancer/libtorch';
import { splitRotary } from '../kernels/split-rotary/split-rotary.js';
import { linear } from '../layers/linear.js';
import { rmsNorm } from '../vlm-common/language/rms-norm.js';
import { inverseFrequencies, type RotaryTables } from '../vlm-common/language/rotary.js';
import type { Qwen25VLVisionConfig } from './config.js';
import type { Grid } from './grid.js';
import { type SegmentRun, type VisionLayout, visionLayout } from './vision-layout.js';
import { visionMlp } from './vision-mlp.js';
import type { VisionBlockWeights, VisionWeights } from './weights.js';

const EPS = 1e-6;

/**
 * Vision tower and merger: patches [P, 1176] → tokens [P / 4, out].
 * Source: transformers models/qwen2_5_vl/modeling_qwen2_5_vl.py @ v5.18.0 (Qwen2_5_VisionTransformerPretrainedModel).
 */
export function visionTower(
  patches: Tensor,
  grids: readonly Grid[],
  weights: VisionWeights,
  config: Qwen25VLVisionConfig,
  checkpoints: Checkpoints | null = null,
): Tensor {
  return scope(() => {
    const layout = visionLayout(grids, config, patches.device);
    const rotary = visionRotary(layout.positions, config);
    checkpoints?.hold([layout, rotary]);
    const full = new Set(config.fullAttentionBlocks);
    // A convolution whose stride is its kernel is a dense layer over flattened patches.
    let h = scope(() =>
      linear(patches, { weight: weights.patch_embed.flatten(1), bias: null }).indexSelect(0, layout.order),
    ); // [P, C]
    for (const i of weights.blocks.keys()) {
      const context = { layout, rotary, numHeads: config.numHeads, full: full.has(i) };
      const body = (x: Tensor, block: VisionBlockWeights) => ({ h: visionBlock(x, block, context) });
      const next = runBlock(weights.blocks, i, h, body, checkpoints).h;
      h.dispose();
      h = next;
    }
    return merge(h, weights.merger).indexSelect(0, layout.mergedInverse);
  });
}

/** Rotary tables [P, 1, headDim] float32: a quarter of the pairs each turn with the row and the column. */
export function visionRotary(positions_P2: Tensor, config: Qwen25VLVisionConfig): RotaryTables {
  const headDim = config.hiddenSize / config.numHeads;
  const frequencies = inverseFrequencies(headDim / 2, config.ropeTheta, positions_P2.device);
  const angles = positions_P2.to('float32').unsqueeze(-1).mul(frequencies).flatten(1); // [P, headDim / 2]
  const both = cat([angles, angles], -1).unsqueeze(1);
  return { cos: both.cos(), sin: both.sin() };
}

export interface VisionBlockContext {
  layout: VisionLayout;
  rotary: RotaryTables;
  numHeads: number;
  /** Attend over whole frame pairs instead of windows. */
  full: boolean;
}

/** One block of the tower on patches in window order: [P, C] → [P, C]. A pure function, so that it can be recomputed. */
export function visionBlock(h_PC: Tensor, weights: VisionBlockWeights, context: VisionBlockContext): Tensor {
  return scope(() => {
    // What attention makes on the way is gone before the perceptron's wide activations come.
    const h = scope(() => h_PC.add(visionAttention(rmsNorm(h_PC, weights.norm1, EPS), weights.attn, context)));
    return h.add(scope(() => visionMlp(rmsNorm(h, weights.norm2, EPS), weights.mlp)));
  });
}

function visionAttention(x_PC: Tensor, weights: VisionBlockWeights['attn'], context: VisionBlockContext): Tensor {
  const { layout, rotary, numHeads, full } = context;
  const parts = splitRotary(linear(x_PC, weights.qkv), numHeads, rotary);
  if (!full) return linear(segmentAttention(parts, layout.windows), weights.proj);
  const framed = parts.map((part) => part.indexSelect(0, layout.inverse));
  return linear(segmentAttention(framed, layout.frames).indexSelect(0, layout.order), weights.proj);
}

/** Attention within segments: one fused call per run of equal sizes. q, k, v [P, H, D] → [P, C] */
function segmentAttention(qkv: readonly Tensor[], runs: readonly SegmentRun[]): Tensor {
  let at = 0;
  const outputs = runs.map(({ count, size }) => {
    const [q, k, v] = qkv.map((x) =>
      x
        .narrow(0, at, count * size)
        .unflatten(0, [count, size])
        .transpose(1, 2),
    );
    at += count * size;
    return attention(q!, k!, v!)
      .transpose(1, 2)
      .reshape(count * size, -1);
  });
  return outputs.length === 1 ? outputs[0]! : cat(outputs);
}

/** Norm, then the patches of a token side by side through a two-layer perceptron. [P, C] → [P / 4, out] */
function merge(h_PC: Tensor, weights: VisionWeights['merger']): Tensor {
  const merged = rmsNorm(h_PC, weights.ln_q, EPS).view(-1, weights.mlp[0].weight.size(1));
  return linear(linear(merged, weights.mlp[0]).gelu(), weights.mlp[2]);
}
