import { linearOfRuns } from '@motion-enhancer/core/internal/align/linear-of-runs.js';
import { attention, scope, type Tensor } from '@motion-enhancer/libtorch';
import {
  type Grid,
  type Qwen25VLVisionConfig,
  type RotaryTables,
  type VisionBlockWeights,
  type VisionWeights,
  visionLayout,
  visionRotary,
} from '@motion-enhancer/models';
import { rotate, runNorm, signedTables } from './layers.js';

const EPS = 1e-6;

/**
 * The vision tower of R runs: `visionTower` with a leading run axis, for frames that are one attention window (which
 * makes windowed and full attention the same).
 * @param patches_RBPI of B videos of one grid a run: [R, B, patches, 3 · 2 · p · p]
 * @returns [R, B, tokens, out]
 */
export function runVision(
  patches_RBPI: Tensor,
  grid: Grid,
  weights: VisionWeights,
  config: Qwen25VLVisionConfig,
): Tensor {
  return scope(() => {
    const [R, B, P, I] = patches_RBPI.shape as [number, number, number, number];
    const [T, h, w] = grid;
    const rotary = frameRotary(h, w, config, patches_RBPI);
    const context: FrameContext = { rotary, frames: R * B * T, patches: h * w, heads: config.numHeads };
    let x = linearOfRuns(patches_RBPI.view(R, B * P, I), { weight: weights.patch_embed.flatten(2), bias: null });
    for (const block of weights.blocks) {
      const next = block.during((layer) => visionRunBlock(x, layer, context));
      x.dispose();
      x = next;
    }
    const { ln_q, mlp } = weights.merger;
    const merged = runNorm(x, ln_q, EPS).view(R, -1, mlp[0].weight.size(2));
    return linearOfRuns(linearOfRuns(merged, mlp[0]).gelu(), mlp[2]).view(R, B, -1, config.outHiddenSize);
  });
}

interface FrameContext {
  rotary: RotaryTables;
  frames: number;
  patches: number;
  heads: number;
}

function visionRunBlock(x_RMC: Tensor, weights: VisionBlockWeights, context: FrameContext): Tensor {
  return scope(() => {
    const x = x_RMC.add(frameAttention(runNorm(x_RMC, weights.norm1, EPS), weights.attn, context));
    const inner = runNorm(x, weights.norm2, EPS);
    const { gate_proj, up_proj, down_proj } = weights.mlp;
    return x.add(linearOfRuns(linearOfRuns(inner, gate_proj).silu().mul(linearOfRuns(inner, up_proj)), down_proj));
  });
}

/** Attention within each frame pair. x [R, M, C], M = B · T · h · w */
function frameAttention(x_RMC: Tensor, weights: VisionBlockWeights['attn'], context: FrameContext): Tensor {
  const { rotary, frames, patches, heads } = context;
  const [R, M, C] = x_RMC.shape as [number, number, number];
  const qkv = linearOfRuns(x_RMC, weights.qkv)
    .view(frames, patches, 3, heads, C / heads)
    .permute(2, 0, 3, 1, 4); // [3, frames, heads, patches, D]
  const rotated = rotate(qkv.narrow(0, 0, 2), rotary);
  const out = attention(rotated.select(0, 0), rotated.select(0, 1), qkv.select(0, 2));
  return linearOfRuns(out.transpose(1, 2).reshape(R, M, C), weights.proj);
}

/** Tables [h · w, D] of the patches of one frame in their order in memory. */
function frameRotary(h: number, w: number, config: Qwen25VLVisionConfig, like: Tensor): RotaryTables {
  const { positions } = visionLayout([[1, h, w]], config, like.device);
  const { cos, sin } = visionRotary(positions, config);
  return signedTables({ cos: cos.squeeze(1).to(like.dtype), sin: sin.squeeze(1).to(like.dtype) });
}

/** @throws TypeError where a frame is more than one window, which these functions do not order. */
export function checkOneWindow([, h, w]: Grid, config: Qwen25VLVisionConfig): void {
  const side = config.windowSize / config.patchSize;
  if (h > side || w > side)
    throw new TypeError(`frames of ${h} × ${w} patches are more than one window of ${side} × ${side}`);
}
