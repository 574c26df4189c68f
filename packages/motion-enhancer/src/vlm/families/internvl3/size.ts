import { ConfigReader, type RawConfig } from '@motion-enhancer/models';
import type { ModelSize, VisionSize } from '../../memory/model-size.js';
import { denseSize, qwen2Size } from '../qwen2-size.js';

/**
 * Sizes of a config of InternVL3 in either form, also of 38B and 78B, which this project cannot run (their vision tower is
 * InternViT-6B).
 * @throws UserError ERR_CONFIG
 */
export function internVL3Size(raw: RawConfig, file: string): ModelSize {
  const root = new ConfigReader(raw, file);
  const section = ['text_config', 'llm_config'].find((name) => root.has(name));
  const text = qwen2Size(section ? root.sub(section) : root, root);
  return { ...text, ...visionSize(root, text.hidden) };
}

/** Source: OpenGVLab/InternVL @ 2410d1d internvl/model/internvl_chat/modeling_intern_vit.py. */
function visionSize(root: ConfigReader, out: number): VisionSize {
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
  const block = qkv + denseSize(C, C) + denseSize(C, I) + denseSize(I, C) + norms + 2 * C;
  const inner = C * shuffle;
  return {
    vision: C + (1 + patches) * C + denseSize(patchWidth, C) + vision.int('num_hidden_layers', 24) * block,
    merger: 2 * inner + denseSize(inner, out) + denseSize(out, out),
    visionHidden: C,
    visionIntermediate: I,
    patchesPerToken: shuffle,
    patchWidth,
  };
}
