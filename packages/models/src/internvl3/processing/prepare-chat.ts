import { cat, scope, type Tensor } from '@motion-enhancer/libtorch';
import type { ChatMessage } from '../../qwen2-5-vl/processing/chat-template.js';
import { normalizeInChunks } from '../../qwen2-5-vl/processing/patchify.js';
import { type VideoQuestion, videoMessages } from '../../qwen2-5-vl/processing/video-messages.js';
import type { Tokenizer } from '../../tokenizers/index.js';
import type { InternVL3Config } from '../config.js';
import type { InternVL3ChatOptions } from './chat.js';
import { type InternVL3Tokens, prepareInternVL3Tokens } from './prepare-tokens.js';
import { type TileOptions, tileFrames, tileImage, tileOptions } from './tiles.js';

/** uint8: an image [3, h, w], or the chosen frames of a video [n, 3, h, w]. */
export type InternVL3Medium = { type: 'image'; image: Tensor } | { type: 'video'; frames: Tensor };

export interface InternVL3ChatInput {
  messages: readonly ChatMessage[];
  /** Of the messages' image and video parts, in order. */
  media: readonly InternVL3Medium[];
}

export interface InternVL3PrepareOptions extends InternVL3ChatOptions, Partial<TileOptions> {}

export interface InternVL3Chat extends InternVL3Tokens {
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
  { system, frameLabel, ...changes }: InternVL3PrepareOptions = {},
): InternVL3Chat {
  return scope(() => {
    const options = tileOptions(config, changes);
    const tiles = media.map((medium) =>
      medium.type === 'image' ? tileImage(medium.image, options) : tileFrames(medium.frames, options.tileSize),
    );
    const sizes = media.map(({ type }, i) => ({ type, count: tiles[i]!.size(0) }));
    const chat = prepareInternVL3Tokens(tokenizer, config, messages, sizes, {
      ...(system === undefined ? {} : { system }),
      ...(frameLabel === undefined ? {} : { frameLabel }),
      tileSize: options.tileSize,
    });
    const pixels = tiles.length === 0 ? null : normalizeInChunks(cat(tiles), IMAGENET_MEAN, IMAGENET_STD);
    return { ...chat, visualPositions: chat.media.flatMap(({ positions }) => positions), tiles: pixels };
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
