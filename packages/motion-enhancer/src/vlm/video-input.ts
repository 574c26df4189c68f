import { scope, type Tensor } from '@motion-enhancer/libtorch';
import { type ChosenFrames, chooseFrames, type PixelBudgetOptions } from '@motion-enhancer/models';
import type { Fields, Values } from '../config/field.js';
import { framesTensor } from '../data/clip.js';
import { readFrames } from '../data/video/index.js';

/** How the VLM sees a video; the defaults are the paper's. */
export const VIDEO_FIELDS = {
  fps: { type: 'number', default: 1, min: 0.01, text: 'Frames per second of the video that the VLM sees', paper: '1' },
  minFrames: { type: 'integer', default: 4, min: 2, text: 'At least as many frames, for short videos', unit: 'frames' },
  maxFrames: { type: 'integer', default: 768, min: 2, text: 'At most as many frames', unit: 'frames' },
  maxPixels: {
    type: 'integer',
    default: 151200,
    min: 784,
    text: 'Most pixels of a frame after resizing',
    unit: 'pixels',
    paper: '360·420',
  },
} as const satisfies Fields;

export type VideoSettings = Values<typeof VIDEO_FIELDS>;

/** Frames of a video chosen as qwen-vl-utils does: uint8 [n, 3, h, w] in the caller's care, and their rate. */
export async function readVideoInput(
  path: string,
  settings: VideoSettings,
): Promise<{ frames: Tensor; sampleFps: number }> {
  let chosen: ChosenFrames | undefined;
  const video = await readFrames(path, {
    choose: ({ count, fps }) => {
      chosen = chooseFrames(count, fps, {
        fps: settings.fps,
        minFrames: Math.min(settings.minFrames, count),
        maxFrames: Math.min(settings.maxFrames, count),
      });
      return chosen.indices;
    },
  });
  return { frames: scope(() => framesTensor(video)), sampleFps: chosen!.sampleFps };
}

export const budgetOf = (settings: VideoSettings): PixelBudgetOptions => ({ maxPixels: settings.maxPixels });
