import {
  aten,
  attention,
  type Checkpoints,
  cat,
  conv2d,
  layerNorm,
  runBlock,
  scope,
  type Tensor,
} from '@motion-enhancer/libtorch';
import { linear } from '../layers/linear.js';
import type { InternVL3VisionConfig } from './config.js';
import type { InternViTBlockWeights, InternViTWeights, LayerNormWeights } from './weights.js';

/**
 * InternViT: pixels [n, 3, h, w] → patch features [n, h / 14, w / 14, C], the class token left out.
 * Source: transformers models/internvl/modeling_internvl.py @ v5.18.0 (InternVLVisionModel); OpenGVLab/InternVL
 * modeling_intern_vit.py @ 2410d1d computes the same.
 */
export function visionTower(
  pixels_NCHW: Tensor,
  weights: InternViTWeights,
  config: InternVL3VisionConfig,
  checkpoints: Checkpoints | null = null,
): Tensor {
  return scope(() => {
    const { weight, bias } = weights.projection;
    const patches = conv2d(pixels_NCHW, weight, bias, { stride: config.patchSize });
    const [n, C, rows, columns] = patches.shape as [number, number, number, number];
    const cls = weights.cls_token.expand(n, 1, C);
    let h = cat([cls, patches.flatten(2).transpose(1, 2)], 1).add(
      positionEmbeddings(weights.position_embeddings, rows, columns),
    ); // [n, 1 + patches, C]
    for (const i of weights.layers.keys()) {
      const body = (x: Tensor, block: InternViTBlockWeights) => ({ h: visionBlock(x, block, config) });
      const next = runBlock(weights.layers, i, h, body, checkpoints).h;
      h.dispose();
      h = next;
    }
    return h.narrow(1, 1, rows * columns).unflatten(1, [rows, columns]);
  });
}

/**
 * Learned positions of the class token and of rows × columns patches; those of another size are interpolated.
 * @returns [1, 1 + rows · columns, C]
 */
export function positionEmbeddings(learned_1PC: Tensor, rows: number, columns: number): Tensor {
  const count = learned_1PC.size(1) - 1;
  const side = Math.round(Math.sqrt(count));
  if (rows === side && columns === side) return learned_1PC;
  return scope(() => {
    const grid = learned_1PC.narrow(1, 1, count).to('float32').unflatten(1, [side, side]).permute(0, 3, 1, 2);
    const resized = aten.upsample_bicubic2d(grid, [rows, columns], false) as Tensor;
    const patches = resized.flatten(2).transpose(1, 2).to(learned_1PC.dtype);
    return cat([learned_1PC.narrow(1, 0, 1), patches], 1);
  });
}

/** One block, a pure function of its input and weights: [n, P, C] → [n, P, C]. */
export function visionBlock(h_NPC: Tensor, weights: InternViTBlockWeights, config: InternVL3VisionConfig): Tensor {
  return scope(() => {
    const norm = (x: Tensor, { weight, bias }: LayerNormWeights) =>
      layerNorm(x, [config.hiddenSize], weight, bias, config.layerNormEps);
    const attended = visionAttention(norm(h_NPC, weights.layernorm_before), weights.attention, config.numHeads);
    const h = h_NPC.add(attended.mul(weights.lambda_1));
    const x = linear(norm(h, weights.layernorm_after), weights.mlp.fc1).gelu();
    return h.add(linear(x, weights.mlp.fc2).mul(weights.lambda_2));
  });
}

function visionAttention(x_NPC: Tensor, weights: InternViTBlockWeights['attention'], numHeads: number): Tensor {
  const [n, P, C] = x_NPC.shape as [number, number, number];
  const [q, k, v] = [weights.q_proj, weights.k_proj, weights.v_proj].map((layer) =>
    linear(x_NPC, layer)
      .view(n, P, numHeads, C / numHeads)
      .transpose(1, 2),
  ) as [Tensor, Tensor, Tensor];
  return linear(attention(q, k, v).transpose(1, 2).reshape(n, P, C), weights.projection_layer);
}
