import { UserError } from '@motion-enhancer/support';
import { localPath } from '../local-path.js';
import { colourNotes } from './colour-notes.js';
import { decodeFrames } from './decode-frames.js';
import { type ContainerClaim, judgeVideo } from './judge-video.js';
import { type Av, loadAv } from './load-av.js';
import { missingBytes } from './missing-bytes.js';
import { codecName, type OpenedVideo, openVideo, UnreadableVideo } from './open-video.js';
import { undecodable } from './video-error.js';
import type { VideoInfo } from './video-info.js';

/**
 * Decodes a whole file, keeping no frame, and says what is in it. A file that holds no video that can be decoded (text,
 * empty, sound only, index missing) gets the verdict `unreadable`.
 * @param options.threads threads of the decoder; default: the cores, at most 4
 * @throws {UserError} `ERR_VIDEO` for a missing file, a directory, or a file that may not be read
 */
export async function probeVideo(path: string, options: { threads?: number } = {}): Promise<VideoInfo> {
  const av = await loadAv();
  let video: OpenedVideo;
  try {
    video = await openVideo(av, path, options.threads);
  } catch (error) {
    if (error instanceof UnreadableVideo) return unreadable(path, error.message);
    throw error;
  }
  try {
    return await describe(av, path, video);
  } catch (cause) {
    // One broken video must not end a run over many.
    throw cause instanceof UserError ? cause : undecodable(path, cause);
  } finally {
    await video.close();
  }
}

async function describe(av: Av, path: string, video: OpenedVideo): Promise<VideoInfo> {
  const { stream, format, orientation, videoStreams, streamIndex } = video;
  const notes =
    videoStreams > 1 ? [`of its ${videoStreams} video streams the best one (number ${streamIndex}) is read`] : [];
  const timestamps: number[] = [];
  let storedWidth = stream.codecpar.width;
  let storedHeight = stream.codecpar.height;
  let pixelFormat = av.lib.avGetPixFmtName(video.decoder.pixelFormat) ?? '';
  const tally = await decodeFrames(av, video, ({ frame, index, timestamp }) => {
    timestamps.push(timestamp);
    if (index === 0) {
      storedWidth = frame.width;
      storedHeight = frame.height;
      notes.push(...colourNotes(av, frame));
      pixelFormat = av.lib.avGetPixFmtName(frame.format as typeof video.decoder.pixelFormat) ?? '';
    }
    return true;
  });
  const container = format.iformat?.name ?? '';
  const claim = claimOf(av, video, await missingBytes(localPath(path), container));
  const { verdict, reason } = judgeVideo(tally, claim);
  const duration = timestamps.length > 0 ? tally.videoEnd - timestamps[0]! : 0;
  const measured = timestamps.length > 1 ? (timestamps.length - 1) / (timestamps.at(-1)! - timestamps[0]!) : 0;
  const { num, den } = stream.avgFrameRate;
  return {
    path,
    container,
    codec: codecName(av, stream),
    pixelFormat,
    width: orientation.swap ? storedHeight : storedWidth,
    height: orientation.swap ? storedWidth : storedHeight,
    storedWidth,
    storedHeight,
    rotation: orientation.rotation,
    fps: num > 0 && den > 0 ? num / den : Number.isFinite(measured) ? measured : 0,
    duration,
    headerDuration: claim.streamEnd ?? claim.containerEnd,
    headerFrames: claim.headerFrames,
    decodedFrames: timestamps.length,
    timestamps,
    ...(notes.length > 0 ? { notes } : {}),
    verdict,
    reason,
  };
}

function claimOf({ constants }: Av, { stream, format }: OpenedVideo, missingBytes: number): ContainerClaim {
  const known = (value: bigint) => value !== constants.AV_NOPTS_VALUE && value > 0n;
  const { num, den } = stream.timeBase;
  const stated = (value: bigint) => (value === constants.AV_NOPTS_VALUE ? 0n : value);
  const start = stated(stream.startTime);
  const before = stated(format.startTime) < 0n ? stated(format.startTime) : 0n;
  const tagged = parseClock(stream.metadata?.get('DURATION') ?? null);
  return {
    headerFrames: stream.nbFrames > 0n ? Number(stream.nbFrames) : null,
    streamEnd: known(stream.duration) ? (Number(start + stream.duration) * num) / den : tagged,
    containerEnd: known(format.duration) ? Number(before + format.duration) / constants.AV_TIME_BASE : null,
    countsSkipped: format.iformat?.name === 'avi',
    missingBytes,
  };
}

/** Seconds of Matroska's `DURATION` tag, `00:00:05.000000000`; null when it is not one. */
function parseClock(text: string | null): number | null {
  const match = text?.match(/^(\d+):(\d{2}):(\d{2}(?:\.\d+)?)$/);
  return match ? Number(match[1]) * 3600 + Number(match[2]) * 60 + Number(match[3]) : null;
}

function unreadable(path: string, reason: string): VideoInfo {
  return {
    path,
    container: '',
    codec: '',
    pixelFormat: '',
    width: 0,
    height: 0,
    storedWidth: 0,
    storedHeight: 0,
    rotation: 0,
    fps: 0,
    duration: 0,
    headerDuration: null,
    headerFrames: null,
    decodedFrames: 0,
    timestamps: [],
    verdict: 'unreadable',
    reason,
  };
}
