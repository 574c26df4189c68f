import { ConfigReader, type RawConfig } from '@motion-enhancer/models';
import type { ModelSize, VisionSize } from '../../memory/model-size.js';
import { denseSize, qwen2Size } from '../qwen2-size.js';

/** Sizes of a config of Qwen2.5-VL, flat or nested. @throws UserError ERR_CONFIG */
export function qwen25VLSize(raw: RawConfig, file: string): ModelSize {
  const root = new ConfigReader(raw, file);
  const text = qwen2Size(root.has('text_config') ? root.sub('text_config') : root, root);
  return { ...text, ...visionSize(root, text.hidden) };
}

/** Source: transformers models/qwen2_5_vl/modeling_qwen2_5_vl.py @ v5.18.0. */
function visionSize(root: ConfigReader, out: number): VisionSize {
  const vision = root.sub('vision_config');
  const C = vision.int('hidden_size');
  const I = vision.int('intermediate_size', 3420);
  const merge = vision.int('spatial_merge_size', 2) ** 2;
  const patchWidth =
    vision.int('in_channels', vision.int('in_chans', 3)) *
    vision.int('temporal_patch_size', 2) *
    vision.int('patch_size', 14) ** 2;
  const block = denseSize(C, 3 * C) + denseSize(C, C) + 2 * denseSize(C, I) + denseSize(I, C) + 2 * C;
  return {
    vision: C * patchWidth + vision.int('depth', 32) * block,
    merger: C + denseSize(merge * C, merge * C) + denseSize(merge * C, out),
    visionHidden: C,
    visionIntermediate: I,
    patchesPerToken: merge,
    patchWidth,
  };
}
