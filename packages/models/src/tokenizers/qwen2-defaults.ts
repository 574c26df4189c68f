import type { AddedToken } from './types.js';

/** Ids of the plain vocabulary of Qwen2, 2.5 and 2.5-VL: 0 … 151642. */
export const QWEN2_PLAIN_TOKENS = 151643;

const QWEN2_5_SPECIAL = (
  '<|endoftext|> <|im_start|> <|im_end|> <|object_ref_start|> <|object_ref_end|> <|box_start|> <|box_end|> ' +
  '<|quad_start|> <|quad_end|> <|vision_start|> <|vision_end|> <|vision_pad|> <|image_pad|> <|video_pad|>'
).split(' ');
const QWEN2_5_PLAIN =
  '<tool_call> </tool_call> <|fim_prefix|> <|fim_middle|> <|fim_suffix|> <|fim_pad|> <|repo_name|> <|file_sep|>'.split(
    ' ',
  );
const INTERNVL3_SPECIAL = '<img> </img> <IMG_CONTEXT> <quad> </quad> <ref> </ref> <box> </box>'.split(' ');

/** Added tokens of Qwen2.5(-VL), ids 151643 … 151664, for folders that list none. */
export const QWEN2_5_ADDED_TOKENS: readonly AddedToken[] = [...QWEN2_5_SPECIAL, ...QWEN2_5_PLAIN].map((content, i) => ({
  id: QWEN2_PLAIN_TOKENS + i,
  content,
  special: i < QWEN2_5_SPECIAL.length,
}));

/** Qwen2.5's added tokens and those of InternVL3, ids up to 151673. */
export const INTERNVL3_ADDED_TOKENS: readonly AddedToken[] = [
  ...QWEN2_5_ADDED_TOKENS,
  ...INTERNVL3_SPECIAL.map((content, i) => ({ id: 151665 + i, content, special: true })),
];
