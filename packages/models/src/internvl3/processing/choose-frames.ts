import { arange, scope } from '@motion-enhancer/libtorch';
import { UserError } from '@motion-enhancer/support';
import { roundHalfEven } from '../../qwen2-5-vl/processing/round.js';

/**
 * How frames are chosen: `segments`, the middle of equal segments (model card, evaluation; repeats frames of short
 * clips); `transformers`, as its video processor (a video must have enough frames); `training`, the middle frames as
 * InternVL's trainer takes them (the last one repeated to fill); `vlmevalkit`, as VLMEvalKit takes a fixed number.
 */
export type InternVL3FrameRule = 'segments' | 'transformers' | 'training' | 'vlmevalkit';

export interface InternVL3FrameOptions {
  /** Number of frames. Default 8, the paper's. */
  frames?: number;
  /** Default `segments`. */
  rule?: InternVL3FrameRule;
  /** Part of the video in seconds, for `segments`. */
  bound?: readonly [start: number, end: number];
}

const DEFAULT_FRAMES = 8;

/**
 * Which frames of a video InternVL3 sees: ascending frame numbers.
 * Sources: OpenGVLab/InternVL @ 2410d1d internvl_chat/eval/mvbench/evaluate_mvbench.py (get_index) and
 * internvl/train/dataset.py (get_frame_indices, "middle"); transformers models/internvl/video_processing_internvl.py
 * (sample_frames); open-compass/VLMEvalKit vlmeval/dataset/video_base.py (nframe).
 * @param total frames in the video
 * @param videoFps its frame rate, needed with `bound`
 * @throws UserError ERR_MEDIA for a video without frames, ERR_VALUE for options that do not fit
 */
export function chooseInternVL3Frames(total: number, videoFps: number, o: InternVL3FrameOptions = {}): number[] {
  const count = o.frames ?? DEFAULT_FRAMES;
  if (!Number.isInteger(count) || count < 1)
    throw new UserError(`Expected a whole number above 0 for frames but received ${count}.`, { code: 'ERR_VALUE' });
  if (!(Number.isInteger(total) && total >= 1))
    throw new UserError(
      `Expected a video of at least 1 frame but received ${total}. Check that the video can be decoded.`,
      { code: 'ERR_MEDIA' },
    );
  const rule = o.rule ?? 'segments';
  if (o.bound && rule !== 'segments')
    throw new UserError(`Expected the rule segments with bound but received ${rule}.`, { code: 'ERR_VALUE' });
  if (rule === 'segments') return middlesOfSegments(total, videoFps, count, o.bound ?? null);
  if (rule === 'training') return middlesInTraining(total, count);
  if (rule === 'vlmevalkit')
    return Array.from({ length: count }, (_, i) => Math.trunc((total / (count + 1)) * (i + 1)));
  return evenSteps(total, count);
}

function middlesOfSegments(
  total: number,
  fps: number,
  count: number,
  bound: readonly [number, number] | null,
): number[] {
  const last = total - 1;
  const start = bound ? Math.max(0, roundHalfEven(bound[0] * fps)) : 0;
  const end = bound ? Math.min(roundHalfEven(bound[1] * fps), last) : last;
  if (!(start <= end))
    throw new UserError(
      `Expected seconds within the video of ${total} frames at ${fps} frames per second for bound but received [${bound?.join(', ')}].`,
      { code: 'ERR_VALUE' },
    );
  const segment = (end - start) / count;
  return Array.from({ length: count }, (_, k) => Math.trunc(start + segment / 2 + roundHalfEven(segment * k)));
}

function middlesInTraining(total: number, count: number): number[] {
  const parts = Math.min(count, total);
  const edge = (k: number) => (k === parts ? total : Math.trunc(k * (total / parts)));
  const middles = Array.from({ length: parts }, (_, k) => Math.floor((edge(k) + edge(k + 1) - 1) / 2));
  return [...middles, ...new Array<number>(count - parts).fill(middles.at(-1)!)];
}

function evenSteps(total: number, count: number): number[] {
  if (count > total)
    throw new UserError(
      `Expected a video of at least ${count} frames but received ${total}. Ask for fewer frames, or choose them by segments.`,
      { code: 'ERR_MEDIA' },
    );
  const step = total / count;
  // float32, as the reference steps.
  return scope(() => arange(step / 2, total, step, { dtype: 'float32' }).toArray()).map(Math.trunc);
}
