import type { Tensor } from '@motion-enhancer/libtorch';
import { UserError } from '@motion-enhancer/support';
import type { Tokenizer } from '../../tokenizers/index.js';
import type { Qwen25VLConfig } from '../config.js';
import type { Grid } from '../grid.js';
import type { RopeIndex, RopeIndexOptions } from '../rope-index.js';
import { prepareQwen25VLTokens } from './prepare-tokens.js';
import type { TokenizedChat } from './tokenize-segments.js';
import { type VideoQuestion, videoMessages } from './video-messages.js';
import { type PatchOptions, videoPatches } from './visual-patches.js';

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

export interface VideoChatOptions extends PatchOptions, RopeIndexOptions {}

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
  const secondPerGrid = config.vision.temporalPatchSize / input.video.sampleFps;
  if (!(secondPerGrid > 0 && Number.isFinite(secondPerGrid)))
    throw new UserError(`Expected a number above 0 for sampleFps but received ${input.video.sampleFps}.`, {
      code: 'ERR_VALUE',
    });
  const { patches, grid } = videoPatches(input.video.frames, config, options);
  try {
    const { visualSpans, media, ...chat } = prepareQwen25VLTokens(
      tokenizer,
      config,
      videoMessages(input),
      [{ type: 'video', grid, secondPerGrid }],
      {
        ...options,
        ...(input.system === undefined ? {} : { system: input.system }),
        addVisionId: input.addVisionId ?? false,
      },
    );
    return { ...chat, patches, grid, visualGrid: media[0]!.grid, visualSpan: visualSpans[0]!, secondPerGrid };
  } catch (error) {
    patches.dispose();
    throw error;
  }
}
