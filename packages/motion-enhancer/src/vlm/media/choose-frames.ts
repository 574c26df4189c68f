import type { ChosenFrames } from '@motion-enhancer/models';
import type { FrameChoice } from '../../data/video/index.js';
import type { VideoSettings } from './video-input.js';

/** Part of a video, s. */
export interface TimeSpan {
  start?: number;
  end?: number;
}

/** A video's number of frames and frames per second. */
export type VideoLength = Pick<FrameChoice, 'count' | 'fps'>;

/**
 * The frames of a video that a model sees.
 * @throws UserError ERR_MEDIA for too few frames, ERR_VALUE for settings that contradict each other
 */
export type ChooseFrames = (video: VideoLength, settings: VideoSettings, span?: TimeSpan) => ChosenFrames;
