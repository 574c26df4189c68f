import { ConfigReader, type RawConfig } from '@motion-enhancer/models';
import type { VlmFamily } from '../types.js';

/** What a config.json says about a model's size; nothing of it needs the weights. */
export interface ModelSize {
  /** Parameters. */
  vision: number;
  merger: number;
  language: number;
  /** Of the decoder. */
  layers: number;
  hidden: number;
  intermediate: number;
  /** Keys (or values) of one token in one layer. */
  keyWidth: number;
  vocabulary: number;
  /** Most tokens of a chat. */
  context: number;
  visionHidden: number;
  visionIntermediate: number;
  /** Patches of the vision tower that become one token. */
  patchesPerToken: number;
  /** Numbers in a patch as it enters the tower. */
  patchWidth: number;
}

/**
 * Sizes of a config of Qwen2.5-VL or InternVL3 in any form, also of those that this project cannot run (InternVL3-38B and
 * 78B, whose vision tower is InternViT-6B).
 * @throws UserError ERR_CONFIG for a missing or wrong field
 */
export function modelSize(raw: RawConfig, file: string, family: VlmFamily): ModelSize {
  const root = new ConfigReader(raw, file);
  const name = ['text_config', 'llm_config'].find((field) => root.has(field));
  const text = languageSize(name ? root.sub(name) : root, root);
  return { ...text, ...(family === 'qwen2_5_vl' ? qwenVision(root, text.hidden) : internVision(root, text.hidden)) };
}

function languageSize(text: ConfigReader, root: ConfigReader) {
  const hidden = text.int('hidden_size');
  const heads = text.int('num_attention_heads');
  const intermediate = text.int('intermediate_size');
  const layers = text.int('num_hidden_layers');
  const vocabulary = text.int('vocab_size');
  const keyWidth = (hidden / heads) * text.int('num_key_value_heads', heads);
  const tied = text.bool('tie_word_embeddings', root.bool('tie_word_embeddings', false));
  const attention = linear(hidden, hidden) + 2 * linear(hidden, keyWidth) + hidden * hidden;
  const block = attention + 3 * hidden * intermediate + 2 * hidden;
  return {
    language: (tied ? 1 : 2) * vocabulary * hidden + layers * block + hidden,
    layers,
    hidden,
    intermediate,
    keyWidth,
    vocabulary,
    context: text.int('max_position_embeddings', 32768),
  };
}

/** Source: transformers models/qwen2_5_vl/modeling_qwen2_5_vl.py @ v5.18.0. */
function qwenVision(root: ConfigReader, out: number) {
  const vision = root.sub('vision_config');
  const C = vision.int('hidden_size');
  const I = vision.int('intermediate_size', 3420);
  const merge = vision.int('spatial_merge_size', 2) ** 2;
  const patchWidth =
    vision.int('in_channels', vision.int('in_chans', 3)) *
    vision.int('temporal_patch_size', 2) *
    vision.int('patch_size', 14) ** 2;
  const block = linear(C, 3 * C) + linear(C, C) + 2 * linear(C, I) + linear(I, C) + 2 * C;
  return {
    vision: C * patchWidth + vision.int('depth', 32) * block,
    merger: C + linear(merge * C, merge * C) + linear(merge * C, out),
    visionHidden: C,
    visionIntermediate: I,
    patchesPerToken: merge,
    patchWidth,
  };
}

/** Source: OpenGVLab/InternVL @ 2410d1d internvl/model/internvl_chat/modeling_intern_vit.py. */
function internVision(root: ConfigReader, out: number) {
  const vision = root.sub('vision_config');
  const C = vision.int('hidden_size', 1024);
  const I = vision.int('intermediate_size', 4096);
  const shuffle = (1 / root.float('downsample_ratio', 0.5)) ** 2;
  const side = (field: string, fallback: number) =>
    Array.isArray(vision.raw[field]) ? vision.ints(field)[0]! : vision.int(field, fallback);
  const patch = side('patch_size', 14);
  const patchWidth = vision.int('num_channels', 3) * patch ** 2;
  const patches = (side('image_size', 448) / patch) ** 2;
  const rms = vision.string('norm_type', 'layer_norm') === 'rms_norm';
  const bias = vision.bool('qkv_bias', vision.bool('attention_bias', true));
  const keyNorm = vision.bool('qk_normalization', vision.bool('use_qk_norm', false));
  const qkv = 3 * C * C + (bias ? 3 * C : 0);
  const norms = (rms ? 2 : 4) * C + (keyNorm ? 2 * C : 0);
  const block = qkv + linear(C, C) + linear(C, I) + linear(I, C) + norms + 2 * C;
  const wide = C * shuffle;
  return {
    vision: C + (1 + patches) * C + linear(patchWidth, C) + vision.int('num_hidden_layers', 24) * block,
    merger: 2 * wide + linear(wide, out) + linear(out, out),
    visionHidden: C,
    visionIntermediate: I,
    patchesPerToken: shuffle,
    patchWidth,
  };
}

/** Weights and biases of a dense layer. */
function linear(from: number, to: number): number {
  return from * to + to;
}
