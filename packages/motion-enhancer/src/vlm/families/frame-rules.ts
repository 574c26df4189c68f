import { type ChosenFrames, chooseFrames, chooseInternVL3Frames } from '@motion-enhancer/models';
import { UserError } from '@motion-enhancer/support';
import type { TimeSpan, VideoLength } from '../media/choose-frames.js';
import type { VideoSettings } from '../media/video-input.js';
import type { VlmTraits } from './family.js';

/** Where neither settings nor the video's length say how many. */
const DEFAULT_FRAMES = 8;

/** What the rules know of a model: whether it goes by a rate or a number of frames, and how many make one token. */
export interface FrameTaste extends Pick<VlmTraits, 'frames'> {
  framesPerToken: number;
}

/**
 * The frames of a video by the setting `frameRule`, which serves every family; `auto` is qwen-vl-utils' rule where frames
 * go by a rate, else the middles of equal segments.
 * @throws UserError ERR_MEDIA for too few frames, ERR_VALUE for settings that contradict each other
 */
export function framesByRule(
  { frames: by, framesPerToken }: FrameTaste,
  video: VideoLength,
  settings: VideoSettings,
  span: TimeSpan = {},
): ChosenFrames {
  const auto = by === 'rate' ? 'qwen-vl-utils' : 'segments';
  const rule = settings.frameRule === 'auto' ? auto : settings.frameRule;
  if (rule === 'qwen-vl-utils' || (rule === 'transformers' && by === 'rate'))
    return spread(framesPerToken, rule === 'transformers' ? 'steps' : 'ends', video, settings, span);
  if (rule === 'vlmevalkit' && settings.frames === 0 && by === 'rate') return everySoOften(video, settings.fps, span);
  return ofSegments(rule, video, settings, span);
}

const isWhole = ({ start, end }: TimeSpan): boolean => start === undefined && end === undefined;

/** From the first to the last frame of the part, or in even steps. */
function spread(
  factor: number,
  way: 'ends' | 'steps',
  { count, fps }: VideoLength,
  settings: VideoSettings,
  span: TimeSpan,
): ChosenFrames {
  const [first, total] = isWhole(span) ? [0, count] : partOf(count, fps, span);
  const { frames, minFrames, maxFrames } = settings;
  return chooseFrames(total, fps, {
    ...{ first, factor, spread: way },
    ...(frames > 0
      ? { nframes: Math.min(frames, Math.floor(total / factor) * factor) }
      : { fps: settings.fps, minFrames: Math.min(minFrames, total), maxFrames: Math.min(maxFrames, total) }),
  });
}

/** A number of frames, one of each equal segment. */
function ofSegments(
  rule: 'segments' | 'segments-fps' | 'transformers' | 'training' | 'vlmevalkit',
  { count, fps }: VideoLength,
  settings: VideoSettings,
  span: TimeSpan,
): ChosenFrames {
  const seconds = spanSeconds(count, fps, span);
  const byRate = Math.min(Math.max(Math.round(seconds * settings.fps), settings.minFrames), settings.maxFrames);
  const indices = chooseInternVL3Frames(count, fps, {
    frames: settings.frames || (rule === 'segments-fps' ? byRate : DEFAULT_FRAMES),
    rule: rule === 'segments-fps' ? 'segments' : rule,
    ...(isWhole(span) ? {} : { bound: [span.start ?? 0, span.end ?? count / fps] as const }),
  });
  return { indices, sampleFps: indices.length / seconds || 1 };
}

/** First frame and length of a part. Source: qwen-vl-utils vision_process.py (calculate_video_frame_range). */
function partOf(count: number, fps: number, { start, end }: TimeSpan): [first: number, total: number] {
  const first = Math.max(0, Math.ceil((start ?? 0) * fps));
  const last = Math.min(count - 1, end === undefined ? count - 1 : Math.floor(end * fps));
  if (first <= last) return [first, last - first + 1];
  throw new UserError(
    `Expected seconds within the video (${count} frames at ${fps} per second) for its start and end but received ${start ?? 0} and ${end ?? 'its end'}.`,
    { code: 'ERR_VALUE' },
  );
}

/** Source: open-compass/VLMEvalKit vlmeval/dataset/video_base.py (fps), which gives no frame for videos too short. */
function everySoOften({ count, fps }: VideoLength, wanted: number, span: TimeSpan): ChosenFrames {
  if (span.start !== undefined || span.end !== undefined)
    throw new UserError('Expected a whole video with the frame rule vlmevalkit but received a part of one.', {
      code: 'ERR_VALUE',
    });
  const number = Math.trunc((count / fps) * wanted);
  if (number < 1)
    throw new UserError(
      `Expected a video of at least ${(1 / wanted).toFixed(2)} s for ${wanted} frames per second by the rule vlmevalkit but received ${(count / fps).toFixed(2)} s. Raise fps, or choose another frame rule.`,
      { code: 'ERR_MEDIA' },
    );
  return { indices: Array.from({ length: number }, (_, i) => Math.trunc((i * fps) / wanted)), sampleFps: wanted };
}

function spanSeconds(count: number, fps: number, { start = 0, end }: TimeSpan): number {
  return Math.min(end ?? Number.POSITIVE_INFINITY, count / fps) - start;
}
