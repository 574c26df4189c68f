import { type ChosenFrames, chooseFrames, chooseInternVL3Frames } from '@motion-enhancer/models';
import { UserError } from '@motion-enhancer/support';
import type { FrameChoice } from '../../data/video/index.js';
import type { Vlm } from '../types.js';
import type { VideoSettings } from './video-input.js';

/** Part of a video, s. */
export interface TimeSpan {
  start?: number;
  end?: number;
}

const INTERNVL_FRAMES = 8;

/**
 * The frames of a video that a model sees.
 * @throws UserError ERR_MEDIA for too few frames, ERR_VALUE for settings that contradict each other
 */
export function chooseVideoFrames(
  vlm: Pick<Vlm, 'family' | 'framesPerToken'>,
  { count, fps }: Pick<FrameChoice, 'count' | 'fps'>,
  settings: VideoSettings,
  span: TimeSpan = {},
): ChosenFrames {
  const qwen = vlm.family === 'qwen2_5_vl';
  const rule = settings.frameRule === 'auto' ? (qwen ? 'qwen-vl-utils' : 'segments') : settings.frameRule;
  const whole = span.start === undefined && span.end === undefined;
  if (rule === 'qwen-vl-utils' || (rule === 'transformers' && qwen)) {
    const [first, total] = whole ? [0, count] : partOf(count, fps, span);
    const { frames, minFrames, maxFrames } = settings;
    const factor = vlm.framesPerToken;
    return chooseFrames(total, fps, {
      first,
      factor,
      spread: rule === 'transformers' ? 'steps' : 'ends',
      ...(frames > 0
        ? { nframes: Math.min(frames, Math.floor(total / factor) * factor) }
        : { fps: settings.fps, minFrames: Math.min(minFrames, total), maxFrames: Math.min(maxFrames, total) }),
    });
  }
  if (rule === 'vlmevalkit' && settings.frames === 0 && qwen) return everySoOften(count, fps, settings.fps, span);
  const perSecond = Math.round(spanSeconds(count, fps, span) * settings.fps);
  const wanted =
    settings.frames ||
    (rule === 'segments-fps' ? Math.min(Math.max(perSecond, settings.minFrames), settings.maxFrames) : INTERNVL_FRAMES);
  const indices = chooseInternVL3Frames(count, fps, {
    frames: wanted,
    rule: rule === 'segments-fps' ? 'segments' : rule,
    ...(whole ? {} : { bound: [span.start ?? 0, span.end ?? count / fps] as const }),
  });
  return { indices, sampleFps: indices.length / spanSeconds(count, fps, span) || 1 };
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
function everySoOften(count: number, fps: number, wanted: number, span: TimeSpan): ChosenFrames {
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
