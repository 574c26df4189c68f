import { arange, linspace, scope } from '@motion-enhancer/libtorch';
import { UserError } from '@motion-enhancer/support';
import { roundHalfEven } from './round.js';

export interface ChooseFramesOptions {
  /** Frames per second wanted. Default 2; excludes `nframes`. */
  fps?: number;
  /** Number of frames wanted, rounded to even. */
  nframes?: number;
  /** Limits of the number that `fps` gives. Defaults 4 and 768. */
  minFrames?: number;
  maxFrames?: number;
  /** Frames that become one token: the count is a multiple of it. Default 2 (`temporalPatchSize`). */
  factor?: number;
  /**
   * How they are spread: from the first to the last frame (`ends`, qwen-vl-utils; the default), or from the first in even
   * steps (`steps`, the video processor of transformers).
   */
  spread?: 'ends' | 'steps';
  /** First frame of the part that is looked at, `total` frames long. Default 0. */
  first?: number;
}

export interface ChosenFrames {
  /** Frame numbers in the video, ascending; a whole number of pairs. */
  indices: number[];
  /** Frames per second that the choice amounts to (not those asked for): the model's clock. */
  sampleFps: number;
}

/** Frames are taken in pairs. */
const PAIR = 2;
const DEFAULT_FPS = 2;
const MIN_FRAMES = 4;
const MAX_FRAMES = 768;

/**
 * Which frames of a video the model sees.
 * Sources: qwen-vl-utils 0.0.10 vision_process.py (smart_nframes, linspace in float32, halves to even); transformers
 * models/qwen2_vl/video_processing_qwen2_vl.py @ v5.18.0 (sample_frames: arange in float32, truncated).
 * @param total frames in the video, or in the part of it that begins at `first`
 * @param videoFps its frame rate
 * @throws UserError ERR_MEDIA when the video has too few frames, ERR_VALUE for contradicting options
 */
export function chooseFrames(total: number, videoFps: number, options: ChooseFramesOptions = {}): ChosenFrames {
  const count = frameCount(total, videoFps, options);
  const first = options.first ?? 0;
  const indices = scope(() =>
    options.spread === 'steps'
      ? arange(0, total, total / count, { dtype: 'float32' })
          .toArray()
          .map((place) => first + Math.trunc(place))
      : linspace(first, first + total - 1, count)
          .round()
          .toArray(),
  );
  return { indices, sampleFps: (indices.length / Math.max(total, 1e-6)) * videoFps };
}

function frameCount(total: number, videoFps: number, o: ChooseFramesOptions): number {
  const factor = o.factor ?? PAIR;
  const even = (round: (x: number) => number, x: number) => round(x / factor) * factor;
  if (o.fps !== undefined && o.nframes !== undefined)
    throw new UserError('Expected either fps or nframes but received both. Leave one out.', { code: 'ERR_VALUE' });
  if (!(total >= factor))
    throw new UserError(
      `Expected a video of at least ${factor} frames but received ${total}. Give a longer video, or give the frame as an image.`,
      { code: 'ERR_MEDIA' },
    );
  let count: number;
  if (o.nframes !== undefined) {
    count = even(roundHalfEven, o.nframes);
  } else {
    const fps = o.fps ?? DEFAULT_FPS;
    if (!(fps > 0 && videoFps > 0))
      throw new UserError(`Expected numbers above 0 for fps but received ${fps} of a video with ${videoFps}.`, {
        code: 'ERR_VALUE',
      });
    const min = even(Math.ceil, o.minFrames ?? MIN_FRAMES);
    const max = even(Math.floor, o.maxFrames ?? Math.min(MAX_FRAMES, total));
    const wanted = (total / videoFps) * fps;
    count = even(Math.floor, Math.min(Math.max(wanted, min), max, total));
  }
  if (!(count >= factor && count <= total))
    throw new UserError(
      `Expected between ${factor} and ${total} frames (the video has ${total}) but the options give ${count}. Change ${o.nframes === undefined ? 'fps, minFrames or maxFrames' : 'nframes'}.`,
      { code: 'ERR_MEDIA' },
    );
  return count;
}
