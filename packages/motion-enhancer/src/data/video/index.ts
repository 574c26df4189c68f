export { encodeAnimatedWebp } from './encode-webp.js';
export { probeVideo } from './probe-video.js';
export {
  assertUsable,
  type FrameChoice,
  type FrameFit,
  type ReadFramesOptions,
  readFrames,
  type VideoFrames,
} from './read-frames.js';
export type { VideoInfo, VideoVerdict } from './video-info.js';
