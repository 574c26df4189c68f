import type { ChatMessage } from '../../qwen2-5-vl/processing/chat-template.js';
import { checkContext } from '../../qwen2-5-vl/processing/check-context.js';
import type { MediumTokens } from '../../qwen2-5-vl/processing/prepare-tokens.js';
import { addedToken, type TokenizedChat, tokenizeSegments } from '../../qwen2-5-vl/processing/tokenize-segments.js';
import type { Tokenizer } from '../../tokenizers/index.js';
import type { InternVL3Config } from '../config.js';
import { type InternVL3ChatOptions, internVL3Segments, type MediaSize } from './chat.js';

export interface InternVL3Tokens extends TokenizedChat {
  /** A video's tokens are not neighbours: text stands between frames. */
  media: MediumTokens[];
}

export interface InternVL3TokenOptions extends InternVL3ChatOptions {
  /** Side of the tiles in pixels, where it is not the config's. */
  tileSize?: number;
}

/**
 * Tokens and labels of a chat with any number of images and videos; the newline after a reply's end mark is not learned,
 * as in InternVL's trainer.
 * @param media of the messages' image and video parts, in order: their tiles or frames
 * @throws UserError ERR_MEDIA (parts and media differ), ERR_TOKENIZER, ERR_CONTEXT (more tokens than the model takes)
 */
export function prepareInternVL3Tokens(
  tokenizer: Tokenizer,
  config: InternVL3Config,
  messages: readonly ChatMessage[],
  media: readonly MediaSize[],
  { system = config.system, frameLabel = 'Frame1', tileSize = config.tileSize }: InternVL3TokenOptions = {},
): InternVL3Tokens {
  const imageToken = addedToken(tokenizer, config.imageTokenId, 'image_token_id');
  const side = tileSize / config.vision.patchSize / config.shuffle;
  const perTile = side ** 2;
  const chat = tokenizeSegments(tokenizer, internVL3Segments(messages, media, { imageToken, system, frameLabel }), {
    vocabSize: config.text.vocabSize,
    mediaIds: [config.imageTokenId],
    counts: media.flatMap(({ type, count }) =>
      type === 'image' ? [count * perTile] : new Array<number>(count).fill(perTile),
    ),
    learnNewline: false,
  });
  checkContext(
    chat.ids.length,
    media.map(({ type, count }) => ({
      type,
      pieces: count,
      piece: type === 'video' ? 'frame' : 'tile',
      tokens: perTile,
      frames: 1,
    })),
    config.text.maxPositionEmbeddings,
    'or maxTiles (fewer tiles of an image)',
  );
  let span = 0;
  const placed = media.map(({ type, count }): MediumTokens => {
    const spans = chat.visualSpans.slice(span, span + (type === 'image' ? 1 : count));
    span += spans.length;
    const positions = spans.flatMap(([start, end]) => Array.from({ length: end - start }, (_, i) => start + i));
    return { type, positions, grid: [count, side, side] };
  });
  return { ...chat, media: placed };
}
