import { cat, scope, type Tensor, UserError } from '@motion-enhancer/libtorch';
import type { ChatMessage } from '../../qwen2-5-vl/processing/chat-template.js';
import { normalizeFrames } from '../../qwen2-5-vl/processing/patchify.js';
import { addedToken, type TokenizedChat, tokenizeSegments } from '../../qwen2-5-vl/processing/tokenize-segments.js';
import { type VideoQuestion, videoMessages } from '../../qwen2-5-vl/processing/video-messages.js';
import type { Tokenizer } from '../../tokenizers/index.js';
import type { InternVL3Config } from '../config.js';
import { type InternVL3ChatOptions, internVL3Segments } from './chat.js';
import { type TileOptions, tileFrames, tileImage, tileOptions } from './tiles.js';

/** uint8: an image [3, h, w], or the chosen frames of a video [n, 3, h, w]. */
export type InternVL3Medium = { type: 'image'; image: Tensor } | { type: 'video'; frames: Tensor };

export interface InternVL3ChatInput {
  messages: readonly ChatMessage[];
  /** Of the messages' image and video parts, in order. */
  media: readonly InternVL3Medium[];
}

export interface InternVL3PrepareOptions extends InternVL3ChatOptions, Partial<TileOptions> {}

export interface InternVL3Chat extends TokenizedChat {
  /** float32 [tiles, 3, 448, 448], normalised; null without media. */
  tiles: Tensor | null;
  /** Every visual token's place: text stands between frames. */
  visualPositions: number[];
}

export interface InternVL3VideoChat extends InternVL3Chat {
  tiles: Tensor;
  /** Frames, rows, columns of the language model's tokens. */
  visualGrid: [number, number, number];
}

/** ImageNet's channel means and deviations, of values in [0, 1]. */
export const IMAGENET_MEAN = [0.485, 0.456, 0.406] as const;
export const IMAGENET_STD = [0.229, 0.224, 0.225] as const;

/**
 * All that the model takes of a conversation about images and videos: normalised tiles, chat tokens, labels (the reply
 * and its end mark; the newline after it is not learned, as in InternVL's trainer).
 * @throws UserError ERR_MEDIA (media that do not match, no frames), ERR_TOKENIZER, ERR_CONTEXT (more tokens than the
 *   model takes)
 */
export function prepareInternVL3Chat(
  tokenizer: Tokenizer,
  config: InternVL3Config,
  { messages, media }: InternVL3ChatInput,
  { system = config.system, frameLabel = 'Frame1', ...changes }: InternVL3PrepareOptions = {},
): InternVL3Chat {
  return scope(() => {
    const options = tileOptions(config, changes);
    const tiles = media.map((medium) =>
      medium.type === 'image' ? tileImage(medium.image, options) : tileFrames(medium.frames, options.tileSize),
    );
    const sizes = media.map(({ type }, i) => ({ type, count: tiles[i]!.size(0) }));
    const imageToken = addedToken(tokenizer, config.imageTokenId, 'image_token_id');
    const perTile = (options.tileSize / config.vision.patchSize / config.shuffle) ** 2;
    const chat = tokenizeSegments(tokenizer, internVL3Segments(messages, sizes, { imageToken, system, frameLabel }), {
      vocabSize: config.text.vocabSize,
      mediaIds: [config.imageTokenId],
      counts: sizes.flatMap(({ type, count }) =>
        type === 'image' ? [count * perTile] : new Array<number>(count).fill(perTile),
      ),
      learnNewline: false,
    });
    const visualPositions = chat.visualSpans.flatMap(([start, end]) =>
      Array.from({ length: end - start }, (_, i) => start + i),
    );
    checkContext(chat.ids.length, visualPositions.length, perTile, config);
    const pixels = tiles.length === 0 ? null : normalizeFrames(cat(tiles), IMAGENET_MEAN, IMAGENET_STD);
    return { ...chat, visualPositions, tiles: pixels };
  });
}

/** The same of a question about one video. frames uint8 [n, 3, h, w] */
export function prepareInternVL3VideoChat(
  tokenizer: Tokenizer,
  config: InternVL3Config,
  { frames, ...question }: VideoQuestion & { frames: Tensor },
  options: InternVL3PrepareOptions = {},
): InternVL3VideoChat {
  const input = { messages: videoMessages(question), media: [{ type: 'video', frames } as const] };
  const chat = prepareInternVL3Chat(tokenizer, config, input, options);
  const side = (options.tileSize ?? config.tileSize) / config.vision.patchSize / config.shuffle;
  return { ...chat, tiles: chat.tiles!, visualGrid: [frames.size(0), side, side] };
}

function checkContext(tokens: number, visual: number, perTile: number, config: InternVL3Config): void {
  const limit = config.text.maxPositionEmbeddings;
  if (tokens <= limit) return;
  throw new UserError(
    `The sample has ${tokens} tokens, ${visual} of them visual (${visual / perTile} frames or tiles of ${perTile}), but the model takes at most ${limit} (max_position_embeddings). Take fewer frames, or fewer tiles of an image (maxTiles).`,
    { code: 'ERR_CONTEXT' },
  );
}
