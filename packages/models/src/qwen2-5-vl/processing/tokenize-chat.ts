import type { Tokenizer } from '../../tokenizers/index.js';
import type { Qwen25VLConfig } from '../config.js';
import { type Grid, tokenCount } from '../grid.js';
import { type ChatMessage, type ChatTemplateOptions, chatSegments } from './chat-template.js';
import { addedToken, type TokenizedChat, tokenizeSegments } from './tokenize-segments.js';

/**
 * Tokenizes a chat and expands each pad to its grid. Replies are tokenized by themselves, as 2U1's trainer does.
 * Source: 2U1/Qwen2-VL-Finetune @ 6695161 src/dataset/sft_dataset.py (labels: reply, end mark, newline); transformers
 * models/qwen2_5_vl/processing_qwen2_5_vl.py @ v5.18.0 (pads).
 * @param grids of the images and videos, in order
 * @throws UserError ERR_MEDIA when media and pads differ in number; ERR_TOKENIZER when the tokenizer is another model's
 */
export function tokenizeChat(
  tokenizer: Tokenizer,
  config: Qwen25VLConfig,
  messages: readonly ChatMessage[],
  grids: readonly Grid[],
  options: Omit<ChatTemplateOptions, 'imagePad' | 'videoPad'> = {},
): TokenizedChat {
  const imagePad = addedToken(tokenizer, config.imageTokenId, 'image_token_id');
  const videoPad = addedToken(tokenizer, config.videoTokenId, 'video_token_id');
  return tokenizeSegments(tokenizer, chatSegments(messages, { ...options, imagePad, videoPad }), {
    vocabSize: config.text.vocabSize,
    mediaIds: [config.imageTokenId, config.videoTokenId],
    counts: grids.map((grid) => tokenCount(grid, config.vision.spatialMergeSize)),
    learnNewline: true,
  });
}
