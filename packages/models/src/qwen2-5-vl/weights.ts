import { type BlockWeights, residentWeights, type Tensor } from '@motion-enhancer/libtorch';
import type { Linear } from '../layers/linear.js';
import { qwen2Shapes, qwen2Weights } from '../vlm-common/language/qwen2-weights.js';
import type { ParameterShapes, Qwen2Weights, WrapBlock } from '../vlm-common/language/weights.js';
import type { Qwen25VLConfig } from './config.js';

/** One block of the vision tower, named as in the checkpoint. */
export interface VisionBlockWeights {
  norm1: Tensor; // [C]
  attn: { qkv: Linear; proj: Linear };
  norm2: Tensor; // [C]
  mlp: { gate_proj: Linear; up_proj: Linear; down_proj: Linear };
}

export interface VisionWeights {
  patch_embed: Tensor; // [C, 3, 2, 14, 14]
  blocks: BlockWeights<VisionBlockWeights>[];
  merger: { ln_q: Tensor; mlp: { 0: Linear; 2: Linear } };
}

export interface Qwen25VLWeights {
  visual: VisionWeights;
  language_model: Qwen2Weights;
}

const VISUAL = 'model.visual.';
const LANGUAGE = 'model.language_model.';
export const HEAD = 'lm_head.weight';
export const EMBEDDING = `${LANGUAGE}embed_tokens.weight`;

/** Every parameter by its canonical name (those of transformers 5 in memory) and its shape. */
export function parameterShapes(config: Qwen25VLConfig): ParameterShapes {
  const { hiddenSize: C, intermediateSize: I, ...v } = config.vision;
  const merged = C * v.spatialMergeSize ** 2;
  const shapes: ParameterShapes = new Map([
    [`${VISUAL}patch_embed.proj.weight`, [C, v.inChannels, v.temporalPatchSize, v.patchSize, v.patchSize]],
  ]);
  const linear = (name: string, out: number, width: number): void => {
    shapes.set(`${name}.weight`, [out, width]);
    shapes.set(`${name}.bias`, [out]);
  };
  for (let i = 0; i < v.depth; i++) {
    const at = `${VISUAL}blocks.${i}.`;
    shapes.set(`${at}norm1.weight`, [C]);
    linear(`${at}attn.qkv`, 3 * C, C);
    linear(`${at}attn.proj`, C, C);
    shapes.set(`${at}norm2.weight`, [C]);
    linear(`${at}mlp.gate_proj`, I, C);
    linear(`${at}mlp.up_proj`, I, C);
    linear(`${at}mlp.down_proj`, C, I);
  }
  shapes.set(`${VISUAL}merger.ln_q.weight`, [C]);
  linear(`${VISUAL}merger.mlp.0`, merged, merged);
  linear(`${VISUAL}merger.mlp.2`, v.outHiddenSize, merged);
  for (const [name, shape] of qwen2Shapes(config.text, LANGUAGE, HEAD)) shapes.set(name, shape);
  return shapes;
}

/** The parameters as a structure: the same tensors, not copies, unless `wrapBlock` makes some. */
export function structureOf(
  parameters: ReadonlyMap<string, Tensor>,
  config: Qwen25VLConfig,
  wrapBlock: WrapBlock = residentWeights,
): Qwen25VLWeights {
  const get = (name: string): Tensor => parameters.get(name)!;
  const linear = (name: string): Linear => ({ weight: get(`${name}.weight`), bias: get(`${name}.bias`) });
  const blocks = Array.from({ length: config.vision.depth }, (_, i) => {
    const at = `${VISUAL}blocks.${i}`;
    const weights: VisionBlockWeights = {
      norm1: get(`${at}.norm1.weight`),
      attn: { qkv: linear(`${at}.attn.qkv`), proj: linear(`${at}.attn.proj`) },
      norm2: get(`${at}.norm2.weight`),
      mlp: {
        gate_proj: linear(`${at}.mlp.gate_proj`),
        up_proj: linear(`${at}.mlp.up_proj`),
        down_proj: linear(`${at}.mlp.down_proj`),
      },
    };
    return wrapBlock(weights, at);
  });
  return {
    visual: {
      patch_embed: get(`${VISUAL}patch_embed.proj.weight`),
      blocks,
      merger: {
        ln_q: get(`${VISUAL}merger.ln_q.weight`),
        mlp: { 0: linear(`${VISUAL}merger.mlp.0`), 2: linear(`${VISUAL}merger.mlp.2`) },
      },
    },
    language_model: qwen2Weights(get, config.text, LANGUAGE, HEAD, wrapBlock),
  };
}
