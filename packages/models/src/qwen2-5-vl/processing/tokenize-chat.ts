import { UserError } from '@motion-enhancer/libtorch';
import type { Tokenizer } from '../../tokenizers/index.js';
import type { Qwen25VLConfig } from '../config.js';
import { type Grid, tokenCount } from '../grid.js';
import { type ChatMessage, type ChatTemplateOptions, chatSegments } from './chat-template.js';

export interface TokenizedChat {
  ids: number[];
  /** The token to predict at each place: of replies with their end mark and newline; −100 elsewhere. */
  labels: number[];
  /** The chat text; one pad token stands for each image or video. */
  text: string;
  /** [start, end) of each token in `text`; all tokens of a video have their pad's. */
  tokenSpans: [number, number][];
  /** True for control tokens and media. */
  special: boolean[];
  /** [start, end) of each image's or video's tokens. */
  visualSpans: [number, number][];
}

/** Of places that are not learned, as in PyTorch's cross entropy. */
export const IGNORE_INDEX = -100;

/**
 * Tokenizes a chat and expands each pad to its grid. Replies are tokenized by themselves, as 2U1's trainer does, so
 * that the prompt has the same tokens with and without its reply.
 * Source: 2U1/Qwen2-VL-Finetune @ 6695161 src/dataset/sft_dataset.py (labels); transformers
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
  const imagePad = padToken(tokenizer, config.imageTokenId, 'image_token_id');
  const videoPad = padToken(tokenizer, config.videoTokenId, 'video_token_id');
  const chat: TokenizedChat = { ids: [], labels: [], text: '', tokenSpans: [], special: [], visualSpans: [] };
  let media = 0;
  for (const segment of chatSegments(messages, { ...options, imagePad, videoPad })) {
    const base = chat.text.length;
    chat.text += segment.text;
    const { ids, spans, special } = tokenizer.encode(segment.text);
    for (const [i, id] of ids.entries()) {
      if (id >= config.text.vocabSize) throw foreign(tokenizer, id, config.text.vocabSize);
      const visual = id === config.imageTokenId || id === config.videoTokenId;
      const grid = visual ? grids[media++] : undefined;
      if (visual && !grid) continue; // counted, and told below
      const times = grid ? tokenCount(grid, config.vision.spatialMergeSize) : 1;
      if (grid) chat.visualSpans.push([chat.ids.length, chat.ids.length + times]);
      for (let k = 0; k < times; k++) {
        chat.ids.push(id);
        chat.labels.push(segment.reply && !visual ? id : IGNORE_INDEX);
        chat.tokenSpans.push([base + spans[i]![0], base + spans[i]![1]]);
        chat.special.push(special[i]!);
      }
    }
  }
  if (media !== grids.length)
    throw new UserError(
      `Expected ${grids.length} images and videos in the chat but received ${media} places for them. Put one image or video part into a message per file, and no pad tokens into the text.`,
      { code: 'ERR_MEDIA' },
    );
  return chat;
}

function padToken(tokenizer: Tokenizer, id: number, field: string): string {
  const token = tokenizer.addedTokens.find((added) => added.id === id);
  if (token) return token.content;
  throw new UserError(
    `Expected one of the tokenizer's added tokens for ${field} but received ${id}. The tokenizer and config.json do not belong together: take both from one checkpoint.`,
    { code: 'ERR_TOKENIZER' },
  );
}

function foreign(tokenizer: Tokenizer, id: number, vocabSize: number): UserError {
  return new UserError(
    `Expected token ids below ${vocabSize} (vocab_size) but the tokenizer gave ${id} (${JSON.stringify(tokenizer.idToToken(id))}). Take tokenizer and weights from one checkpoint.`,
    { code: 'ERR_TOKENIZER' },
  );
}
