import { type BlockWeights, residentWeights, type Tensor } from '@motion-enhancer/libtorch';
import type { Linear } from '../layers/linear.js';
import { qwen2Shapes, qwen2Weights } from '../vlm-common/language/qwen2-weights.js';
import type { ParameterShapes, Qwen2Weights, WrapBlock } from '../vlm-common/language/weights.js';
import type { InternVL3Config } from './config.js';

/** Weight and bias of a layer normalisation, [C] each. */
export interface LayerNormWeights {
  weight: Tensor;
  bias: Tensor;
}

/** One block of InternViT. */
export interface InternViTBlockWeights {
  layernorm_before: LayerNormWeights;
  attention: { q_proj: Linear; k_proj: Linear; v_proj: Linear; projection_layer: Linear };
  lambda_1: Tensor; // [C]
  layernorm_after: LayerNormWeights;
  mlp: { fc1: Linear; fc2: Linear };
  lambda_2: Tensor; // [C]
}

export interface InternViTWeights {
  cls_token: Tensor; // [1, 1, C]
  position_embeddings: Tensor; // [1, 1 + patches, C]
  projection: { weight: Tensor; bias: Tensor }; // [C, 3, patch, patch]
  layers: BlockWeights<InternViTBlockWeights>[];
}

export interface ProjectorWeights {
  layer_norm: LayerNormWeights;
  linear_1: Linear;
  linear_2: Linear;
}

export interface InternVL3Weights {
  vision_tower: InternViTWeights;
  multi_modal_projector: ProjectorWeights;
  language_model: Qwen2Weights;
}

const VISION = 'model.vision_tower.';
const PROJECTOR = 'model.multi_modal_projector.';
const LANGUAGE = 'model.language_model.';
export const HEAD = 'lm_head.weight';
export const EMBEDDING = `${LANGUAGE}embed_tokens.weight`;

/** Every parameter by its canonical name (those of transformers 5 in memory) and its shape. */
export function parameterShapes(config: InternVL3Config): ParameterShapes {
  const { hiddenSize: C, intermediateSize: I, patchSize, ...v } = config.vision;
  const shapes: ParameterShapes = new Map();
  const pair = (name: string, weight: readonly number[]): void => {
    shapes.set(`${name}.weight`, weight);
    shapes.set(`${name}.bias`, [weight[0]!]);
  };
  shapes.set(`${VISION}embeddings.cls_token`, [1, 1, C]);
  shapes.set(`${VISION}embeddings.position_embeddings`, [1, 1 + (v.imageSize / patchSize) ** 2, C]);
  pair(`${VISION}embeddings.patch_embeddings.projection`, [C, v.numChannels, patchSize, patchSize]);
  for (let i = 0; i < v.numLayers; i++) {
    const at = `${VISION}encoder.layer.${i}.`;
    pair(`${at}layernorm_before`, [C]);
    for (const name of ['q_proj', 'k_proj', 'v_proj']) {
      shapes.set(`${at}attention.${name}.weight`, [C, C]);
      if (v.qkvBias) shapes.set(`${at}attention.${name}.bias`, [C]);
    }
    pair(`${at}attention.projection_layer`, [C, C]);
    shapes.set(`${at}lambda_1`, [C]);
    pair(`${at}layernorm_after`, [C]);
    pair(`${at}mlp.fc1`, [I, C]);
    pair(`${at}mlp.fc2`, [C, I]);
    shapes.set(`${at}lambda_2`, [C]);
  }
  const shuffled = C * config.shuffle ** 2;
  pair(`${PROJECTOR}layer_norm`, [shuffled]);
  pair(`${PROJECTOR}linear_1`, [config.text.hiddenSize, shuffled]);
  pair(`${PROJECTOR}linear_2`, [config.text.hiddenSize, config.text.hiddenSize]);
  for (const [name, shape] of qwen2Shapes(config.text, LANGUAGE, HEAD)) shapes.set(name, shape);
  return shapes;
}

/** The parameters as a structure: the same tensors, not copies, unless `wrapBlock` makes some. */
export function structureOf(
  parameters: ReadonlyMap<string, Tensor>,
  config: InternVL3Config,
  wrapBlock: WrapBlock = residentWeights,
): InternVL3Weights {
  const get = (name: string): Tensor => parameters.get(name)!;
  const pair = (name: string) => ({ weight: get(`${name}.weight`), bias: get(`${name}.bias`) });
  const linear = (name: string): Linear => ({
    weight: get(`${name}.weight`),
    bias: parameters.get(`${name}.bias`) ?? null,
  });
  const layers = Array.from({ length: config.vision.numLayers }, (_, i) => {
    const at = `${VISION}encoder.layer.${i}`;
    const weights: InternViTBlockWeights = {
      layernorm_before: pair(`${at}.layernorm_before`),
      attention: {
        q_proj: linear(`${at}.attention.q_proj`),
        k_proj: linear(`${at}.attention.k_proj`),
        v_proj: linear(`${at}.attention.v_proj`),
        projection_layer: linear(`${at}.attention.projection_layer`),
      },
      lambda_1: get(`${at}.lambda_1`),
      layernorm_after: pair(`${at}.layernorm_after`),
      mlp: { fc1: linear(`${at}.mlp.fc1`), fc2: linear(`${at}.mlp.fc2`) },
      lambda_2: get(`${at}.lambda_2`),
    };
    return wrapBlock(weights, at);
  });
  return {
    vision_tower: {
      cls_token: get(`${VISION}embeddings.cls_token`),
      position_embeddings: get(`${VISION}embeddings.position_embeddings`),
      projection: pair(`${VISION}embeddings.patch_embeddings.projection`),
      layers,
    },
    multi_modal_projector: {
      layer_norm: pair(`${PROJECTOR}layer_norm`),
      linear_1: linear(`${PROJECTOR}linear_1`),
      linear_2: linear(`${PROJECTOR}linear_2`),
    },
    language_model: qwen2Weights(get, config.text, LANGUAGE, HEAD, wrapBlock),
  };
}
