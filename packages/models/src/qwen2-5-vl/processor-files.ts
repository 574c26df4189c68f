import type { RawConfig } from '../hub/index.js';
import type { AddedToken } from '../tokenizers/index.js';
import { IMAGE_MEAN, IMAGE_STD } from './processing/patchify.js';

/** A Qwen2.5-VL's preprocessor_config.json for patches and images of these sizes. */
export const preprocessorConfig = (sizes: { minPixels: number; maxPixels: number; patchSize: number }): RawConfig => ({
  min_pixels: sizes.minPixels,
  max_pixels: sizes.maxPixels,
  patch_size: sizes.patchSize,
  temporal_patch_size: 2,
  merge_size: 2,
  image_mean: IMAGE_MEAN,
  image_std: IMAGE_STD,
  image_processor_type: 'Qwen2VLImageProcessor',
  processor_class: 'Qwen2_5_VLProcessor',
});

/** A Qwen2.5-VL's tokenizer_config.json with these added tokens. */
export const tokenizerConfig = (
  added: readonly AddedToken[],
  modelMaxLength: number,
  more: RawConfig = {},
): RawConfig => ({
  add_bos_token: false,
  add_prefix_space: false,
  added_tokens_decoder: Object.fromEntries(
    added.map(({ id, content, special }) => [
      id,
      { content, special, lstrip: false, rstrip: false, normalized: false, single_word: false },
    ]),
  ),
  bos_token: null,
  ...more,
  eos_token: '<|im_end|>',
  model_max_length: modelMaxLength,
  pad_token: '<|endoftext|>',
  processor_class: 'Qwen2_5_VLProcessor',
  tokenizer_class: 'Qwen2Tokenizer',
  unk_token: null,
});
