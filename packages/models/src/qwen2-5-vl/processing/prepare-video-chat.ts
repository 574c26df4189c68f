import { scope, type Tensor, UserError } from '@motion-enhancer/libtorch';
import type { Tokenizer } from '../../tokenizers/index.js';
import type { Qwen25VLConfig } from '../config.js';
import type { Grid } from '../grid.js';
import { positionsTensor, type RopeIndex, type RopeIndexOptions, ropeIndex } from '../rope-index.js';
import { normalizeFrames, patchify } from './patchify.js';
import { type PixelBudgetOptions, pixelBudget } from './pixel-budget.js';
import { resizeFrames } from './resize-frames.js';
import { smartResize } from './smart-resize.js';
import { tokenizeChat } from './tokenize-chat.js';
import type { TokenizedChat } from './tokenize-segments.js';
import { type VideoQuestion, videoMessages } from './video-messages.js';

export interface VideoChatInput extends VideoQuestion {
  video: {
    frames: Tensor; // uint8 [n, 3, h, w]
    /** Frames per second of the chosen frames (`chooseFrames` gives it). */
    sampleFps: number;
  };
  /** null for none. Default "You are a helpful assistant." */
  system?: string | null;
  /** Write "Video 1: " before the video. Default false. */
  addVisionId?: boolean;
}

export interface VideoChatOptions extends PixelBudgetOptions, RopeIndexOptions {}

export interface VideoChat extends Omit<TokenizedChat, 'visualSpans'> {
  /** float32 [t · h · w, 1176] */
  patches: Tensor;
  /** In patches; tokens are (t, h / 2, w / 2). */
  grid: Grid;
  /** The grid of the language model's tokens. */
  visualGrid: Grid;
  /** [start, end) of the video's tokens. */
  visualSpan: [number, number];
  /** int64 [3, 1, N] */
  positions: Tensor;
  /** The same as numbers, and where generated tokens go on. */
  rope: RopeIndex;
  /** Seconds between frame pairs. */
  secondPerGrid: number;
}

/**
 * All that the model takes of a question about a video: resized and normalised patches, chat tokens with expanded pads,
 * labels, rotary positions.
 * @throws UserError ERR_MEDIA (no frames, impossible sizes), ERR_TOKENIZER, ERR_CONTEXT (more tokens than the model takes)
 */
export function prepareVideoChat(
  tokenizer: Tokenizer,
  config: Qwen25VLConfig,
  input: VideoChatInput,
  options: VideoChatOptions = {},
): VideoChat {
  const { patches, grid } = videoPatches(input.video.frames, config, options);
  try {
    const { visualSpans, ...chat } = tokenizeChat(tokenizer, config, videoMessages(input), [grid], {
      addVisionId: input.addVisionId ?? false,
      ...(input.system === undefined ? {} : { system: input.system }),
    });
    checkContext(chat.ids.length, visualSpans[0]!, grid, config);
    const secondPerGrid = config.vision.temporalPatchSize / input.video.sampleFps;
    if (!(secondPerGrid > 0 && Number.isFinite(secondPerGrid)))
      throw new UserError(`Expected a number above 0 for sampleFps but received ${input.video.sampleFps}.`, {
        code: 'ERR_VALUE',
      });
    const rope = ropeIndex(chat.ids, [grid], [secondPerGrid], config, options);
    const merge = config.vision.spatialMergeSize;
    return {
      ...chat,
      patches,
      grid,
      visualGrid: [grid[0], grid[1] / merge, grid[2] / merge],
      visualSpan: visualSpans[0]!,
      positions: positionsTensor([rope.positions]),
      rope,
      secondPerGrid,
    };
  } catch (error) {
    patches.dispose();
    throw error;
  }
}

/** Resized within the pixel budget, normalised and cut. frames uint8 [n, 3, h, w] */
export function videoPatches(
  frames: Tensor,
  config: Qwen25VLConfig,
  options: PixelBudgetOptions = {},
): { patches: Tensor; grid: Grid } {
  const [n, channels, height, width] = frames.shape as [number, number, number, number];
  if (frames.dim !== 4 || channels !== config.vision.inChannels || frames.dtype !== 'uint8' || frames.numel === 0)
    throw new UserError(
      `Expected video frames uint8 [n, ${config.vision.inChannels}, h, w] but received ${frames.dtype} [${frames.shape.join(', ')}].${frames.numel === 0 ? ' The video has no frames: check that it can be decoded.' : ''}`,
      { code: 'ERR_MEDIA' },
    );
  const factor = config.vision.patchSize * config.vision.spatialMergeSize;
  const [h, w] = smartResize(height, width, { factor, ...pixelBudget(n, options) });
  return scope(() => patchify(normalizeFrames(resizeFrames(frames, h, w)), config.vision));
}

function checkContext(tokens: number, [start, end]: [number, number], grid: Grid, config: Qwen25VLConfig): void {
  const limit = config.text.maxPositionEmbeddings;
  if (tokens <= limit) return;
  const perPair = (end - start) / grid[0];
  throw new UserError(
    `The sample has ${tokens} tokens, ${end - start} of them video (${grid[0]} frame pairs of ${perPair}), but the model takes at most ${limit} (max_position_embeddings). Lower fps or maxFrames (fewer frames), or maxPixels or totalPixels (smaller frames).`,
    { code: 'ERR_CONTEXT' },
  );
}
