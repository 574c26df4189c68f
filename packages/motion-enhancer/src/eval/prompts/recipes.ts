import type { VlmTraits } from '../../vlm/index.js';
import type { DecodingRecipe, VideoRecipe } from './types.js';

/** The paper's: 1 frame a second (InternVL3: 8 frames) of at most 360·420 pixels, the true clock. */
export const PAPER_VIDEO: Readonly<Record<VlmTraits['frames'], VideoRecipe>> = {
  rate: { fps: 1, frames: 0, frameRule: 'auto', maxPixels: 360 * 420, secondPerGrid: 'true' },
  count: { frames: 8, frameRule: 'auto' },
};

const MAX_FRAMES = 32;

/** What the harnesses show a model where a task says nothing else. */
export const HARNESS_VIDEO: Readonly<
  Record<'lmms' | 'vlmevalkit' | 'motionsight', Readonly<Record<VlmTraits['frames'], VideoRecipe>>>
> = {
  /** Source: EvolvingLMMs-Lab/lmms-eval @ 75571cf lmms_eval/models/simple/qwen2_5_vl.py: the processor is called without fps. */
  lmms: {
    rate: {
      frames: MAX_FRAMES,
      frameRule: 'qwen-vl-utils',
      minPixels: 256 * 28 * 28,
      maxPixels: 1_605_632,
      secondPerGrid: 'legacy',
    },
    count: { frames: MAX_FRAMES, frameRule: 'auto' },
  },
  /** Source: open-compass/VLMEvalKit @ e8e78f0 vlmeval/dataset/video_dataset_config.py (…_8frame), vlm/qwen2_vl/model.py, vlm/internvl. */
  vlmevalkit: {
    rate: {
      frames: 8,
      frameRule: 'qwen-vl-utils',
      minPixels: 128 * 28 * 28,
      maxPixels: 768 * 28 * 28,
      totalPixels: 24_576 * 28 * 28,
      secondPerGrid: 'legacy',
    },
    count: { frames: 8, frameRule: 'vlmevalkit', frameLabel: 'Frame-1' },
  },
  /** Source: NJU-PCALab/MotionSight @ 711ebbd eval/motionsight/eval_motionbench.py (num_segs, max_pixels). */
  motionsight: {
    rate: { frames: 16, frameRule: 'segments', maxPixels: 360 * 420, secondPerGrid: 'true' },
    count: { frames: 16, frameRule: 'segments' },
  },
};

/** The likeliest token each time; a repetition penalty stays as the checkpoint says, as `do_sample=False` leaves it. */
export const GREEDY = { temperature: 0 } as const;

/** Ours, where only a letter is asked for: greedy without a repetition penalty. */
export const LETTER_DECODING: DecodingRecipe = { temperature: 0, repetitionPenalty: 1, maxNewTokens: 32 };
