/**
 * What decoding says of a file, held against what its container claims.
 * - `ok`: every frame the container claims was decoded (or it claims nothing and nothing failed);
 * - `truncated`: the file ends before its container's claim;
 * - `corrupt`: all of it is there, yet a part cannot be decoded;
 * - `unreadable`: no frame at all.
 */
export type VideoVerdict = 'ok' | 'truncated' | 'corrupt' | 'unreadable';

/** A video as it decodes, not as its header says. All times are seconds on the stream's own clock. */
export interface VideoInfo {
  path: string;
  /** FFmpeg's name of the container, for example `mov,mp4,m4a,3gp,3g2,mj2`; '' when it was not recognised. */
  container: string;
  /** Name of the coding, for example `h264`, `hevc`, `vp9`, `av1`; '' when unknown. */
  codec: string;
  /** Pixel format as stored, for example `yuv420p10le`; '' when unknown. */
  pixelFormat: string;
  /** Width in pixels as shown: after `rotation`. */
  width: number;
  /** Height in pixels as shown: after `rotation`. */
  height: number;
  /** Width in pixels as stored: before `rotation`. */
  storedWidth: number;
  /** Height in pixels as stored: before `rotation`. */
  storedHeight: number;
  /** Degrees by which a player turns the stored frame counter-clockwise, in [-180, 180] (−90 = a quarter turn clockwise). */
  rotation: number;
  /** Average frames per second: the container's, else measured from the timestamps. 0 when unknown. */
  fps: number;
  /** Seconds from the first decoded frame to the end of the last. */
  duration: number;
  /** Seconds that the container claims, or null. */
  headerDuration: number | null;
  /** Frames that the container claims, or null (Matroska and WebM claim none). */
  headerFrames: number | null;
  /** Frames that decode one after another from the start, up to the first failure. */
  decodedFrames: number;
  /** Presentation time of each decoded frame: the true one, so unevenly spaced where the rate varies. */
  timestamps: number[];
  /** What of the file is not used: tags of colours, further video streams. Left out where there is nothing to say. */
  notes?: string[];
  verdict: VideoVerdict;
  /** Why the verdict is not `ok`; null when it is. */
  reason: string | null;
}
