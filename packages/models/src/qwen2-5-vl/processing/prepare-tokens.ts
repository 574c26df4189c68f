import type { Tensor } from '@motion-enhancer/libtorch';
import { UserError } from '@motion-enhancer/support';
import type { Tokenizer } from '../../tokenizers/index.js';
import type { Qwen25VLConfig } from '../config.js';
import { type Grid, tokenCount } from '../grid.js';
import { positionsTensor, type RopeIndex, type RopeIndexOptions, ropeIndex } from '../rope-index.js';
import type { ChatMessage } from './chat-template.js';
import { checkContext } from './check-context.js';
import { checkMediaParts } from './media-parts.js';
import { tokenizeChat } from './tokenize-chat.js';
import type { TokenizedChat } from './tokenize-segments.js';

/** An image or video as the chat needs it. */
export interface Qwen25VLMedium {
  type: 'image' | 'video';
  /** In patches. */
  grid: Grid;
  /** Of a video: seconds between frame pairs. */
  secondPerGrid?: number;
}

export interface Qwen25VLChatOptions extends RopeIndexOptions {
  /** Of chats without a system message; null for none. Default "You are a helpful assistant." */
  system?: string | null;
  /** Number the media: "Picture 1: ", "Video 1: ". Default false. */
  addVisionId?: boolean;
}

/** The visual tokens of a medium. */
export interface MediumTokens {
  type: 'image' | 'video';
  /** Places in the chat's ids. */
  positions: number[];
  /** Frames (pairs of them, or tiles), rows and columns that the tokens form, in this order. */
  grid: [number, number, number];
}

export interface Qwen25VLTokens extends TokenizedChat {
  media: MediumTokens[];
  /** int64 [3, 1, N] */
  positions: Tensor;
  /** The same as numbers, and where generated tokens go on. */
  rope: RopeIndex;
}

/**
 * Tokens, labels and rotary positions of a chat with any number of images and videos.
 * @param media of the messages' image and video parts, in order
 * @throws UserError ERR_MEDIA (parts and media differ), ERR_TOKENIZER, ERR_CONTEXT (more tokens than the model takes)
 */
export function prepareQwen25VLTokens(
  tokenizer: Tokenizer,
  config: Qwen25VLConfig,
  messages: readonly ChatMessage[],
  media: readonly Qwen25VLMedium[],
  { system, addVisionId = false, ...rope }: Qwen25VLChatOptions = {},
): Qwen25VLTokens {
  checkMediaParts(messages, media);
  const grids = media.map(({ grid }) => grid);
  const merge = config.vision.spatialMergeSize;
  const chat = tokenizeChat(tokenizer, config, messages, grids, {
    addVisionId,
    ...(system === undefined ? {} : { system }),
  });
  const loads = media.map(({ type, grid }) => ({
    type,
    pieces: type === 'video' ? grid[0] : 1,
    piece: type === 'video' ? 'frame pair' : '',
    tokens: tokenCount([1, grid[1], grid[2]], merge),
    frames: config.vision.temporalPatchSize,
  }));
  checkContext(
    chat.ids.length,
    loads,
    config.text.maxPositionEmbeddings,
    'or maxPixels or totalPixels (smaller frames), or imageMaxPixels',
  );
  const seconds = media.filter(({ type }) => type === 'video').map(secondsOf);
  const index = ropeIndex(chat.ids, grids, seconds, config, rope);
  return {
    ...chat,
    media: media.map(({ type, grid: [t, h, w] }, i) => ({
      type,
      positions: range(chat.visualSpans[i]!),
      grid: [t, h / merge, w / merge],
    })),
    positions: positionsTensor([index.positions]),
    rope: index,
  };
}

function secondsOf({ secondPerGrid = 1 }: Qwen25VLMedium): number {
  if (secondPerGrid > 0 && Number.isFinite(secondPerGrid)) return secondPerGrid;
  throw new UserError(`Expected a number above 0 for secondPerGrid but received ${secondPerGrid}.`, {
    code: 'ERR_VALUE',
  });
}

function range([start, end]: readonly [number, number]): number[] {
  return Array.from({ length: end - start }, (_, i) => start + i);
}
