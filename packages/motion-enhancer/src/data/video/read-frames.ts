import { expected } from '@motion-enhancer/support';
import { noteOnce } from '../note-once.js';
import { decodeFrames } from './decode-frames.js';
import { type Av, loadAv } from './load-av.js';
import { openVideo } from './open-video.js';
import { probeVideo } from './probe-video.js';
import { RgbConverter } from './rgb-converter.js';
import { undecodable, videoError } from './video-error.js';
import type { VideoInfo } from './video-info.js';

/** What a chooser knows of a video: `count` frames at `timestamps` (s), `fps` on average, their shown size in pixels. */
export interface FrameChoice {
  count: number;
  timestamps: readonly number[];
  fps: number;
  /** Seconds from the first frame to the end of the last. */
  duration: number;
  width: number;
  height: number;
}

/** What frames become as they are decoded, so that none but the one in work is in memory at its full size. */
export interface FrameFit {
  width: number;
  height: number;
  /** @param rgb uint8 [video height, video width, 3] @returns uint8 [height, width, 3] */
  resize(rgb: Uint8Array): Uint8Array;
}

export interface ReadFramesOptions {
  /** Indices of the wanted frames in the wanted order; an index may come more than once. Default: all frames. */
  choose?: (video: FrameChoice) => readonly number[];
  /** Size for so many chosen frames of a video; null (default): as they are shown. */
  fit?: (video: FrameChoice, chosen: number) => FrameFit | null;
  /** A truncated or corrupt file: `fail` throws (default), `use` gives what decoded, `skip` gives null. */
  onBroken?: 'fail' | 'use' | 'skip';
  /** What `probeVideo` said of this very file: saves the first of the two passes. */
  info?: VideoInfo;
  /** Threads of the decoder; default: the cores, at most 4. */
  threads?: number;
}

/** Chosen frames, turned upright. */
export interface VideoFrames {
  info: VideoInfo;
  /** RGB uint8 [indices.length, height, width, 3]; of another size than `info` says where they were resized. */
  data: Uint8Array;
  width: number;
  height: number;
  indices: number[];
  /** Presentation time of each chosen frame, s. */
  timestamps: number[];
}

/**
 * Reads chosen frames of a video. The file is decoded twice, once for its timestamps and its verdict, once for the
 * pixels (up to the last chosen frame), so that memory holds the chosen frames and no others.
 * @throws {UserError} `ERR_VIDEO`, naming file and remedy: no such file, a directory, no video in it, or a truncated or
 *   corrupt one under `onBroken: 'fail'`; `ERR_VALUE` for an index outside of the video
 * @returns null only under `onBroken: 'skip'`, for a file that is not `ok`
 */
export async function readFrames(
  path: string,
  options?: ReadFramesOptions & { onBroken?: 'fail' | 'use' },
): Promise<VideoFrames>;
export async function readFrames(path: string, options: ReadFramesOptions): Promise<VideoFrames | null>;
export async function readFrames(path: string, options: ReadFramesOptions = {}): Promise<VideoFrames | null> {
  const { choose, onBroken = 'fail', threads } = options;
  const info = options.info ?? (await probeVideo(path, threads === undefined ? {} : { threads }));
  if (info.verdict !== 'ok' && onBroken === 'skip') return null;
  assertUsable(info, onBroken === 'use' ? 'use' : 'fail');
  for (const note of info.notes ?? []) noteOnce(`${note}, first in ${path}`, note);
  const { decodedFrames: count, timestamps, fps, duration, width, height } = info;
  const video = { count, timestamps, fps, duration, width, height };
  const chosen = choose?.(video) ?? timestamps.map((_, index) => index);
  for (const index of chosen) {
    if (!Number.isInteger(index) || index < 0 || index >= count) {
      throw expected(`frame indices from 0 to ${count - 1}`, `choose of ${JSON.stringify(path)}`, index);
    }
  }
  const fit = options.fit?.(video, chosen.length) ?? null;
  const size = { width: fit?.width ?? width, height: fit?.height ?? height };
  const data = room(path, chosen.length, size);
  if (chosen.length > 0) await fill(await loadAv(), { info, chosen, data, fit, threads });
  return { info, data, ...size, indices: [...chosen], timestamps: chosen.map((index) => timestamps[index]!) };
}

/** @throws {UserError} `ERR_VIDEO` where memory does not suffice */
function room(path: string, count: number, { width, height }: { width: number; height: number }): Uint8Array {
  const bytes = count * width * height * 3;
  try {
    return new Uint8Array(bytes);
  } catch (cause) {
    const problem = `${count} frames of ${width}×${height} need ${(bytes / 2 ** 30).toFixed(1)} GiB`;
    throw videoError(path, problem, 'Take fewer frames, or make the video smaller.', cause);
  }
}

/**
 * Throws unless the video may be used: `unreadable` never, `truncated` and `corrupt` only under `use`.
 * @throws {UserError} `ERR_VIDEO`
 */
export function assertUsable(info: VideoInfo, onBroken: 'fail' | 'use' = 'fail'): void {
  if (info.verdict === 'unreadable') {
    throw videoError(
      info.path,
      info.reason ?? 'it is unreadable',
      'Give a video file (mp4, mov, mkv, webm, avi, …); if it should be one, fetch it again, its download may be incomplete.',
    );
  }
  if (info.verdict !== 'ok' && onBroken === 'fail') {
    throw videoError(
      info.path,
      `it is ${info.verdict}: ${info.reason}`,
      'Fetch it again, or leave it out; extract takes what decodes of it with --on-broken use.',
    );
  }
}

interface Filling {
  info: VideoInfo;
  chosen: readonly number[];
  data: Uint8Array;
  fit: FrameFit | null;
  threads: number | undefined;
}

/** Second pass: decodes up to the last chosen frame and writes each chosen one to all its places in `data`. */
async function fill(av: Av, { info, chosen, data, fit, threads }: Filling): Promise<void> {
  const placesOf = new Map<number, number[]>();
  chosen.forEach((index, place) => {
    const places = placesOf.get(index);
    if (places) places.push(place);
    else placesOf.set(index, [place]);
  });
  const frameBytes = data.length / chosen.length;
  const whole = fit ? new Uint8Array(info.width * info.height * 3) : null;
  const video = await openVideo(av, info.path, threads);
  const converter = new RgbConverter(av, info.storedWidth, info.storedHeight, video.orientation);
  let missing = placesOf.size;
  try {
    await decodeFrames(av, video, async ({ frame, index }) => {
      const places = placesOf.get(index);
      if (!places) return true;
      const start = places[0]! * frameBytes;
      await converter.convert(frame, whole ?? data.subarray(start, start + frameBytes));
      if (whole) data.set(fit!.resize(whole), start);
      for (const place of places.slice(1)) data.copyWithin(place * frameBytes, start, start + frameBytes);
      return --missing > 0;
    });
  } catch (cause) {
    throw cause instanceof av.lib.FFmpegError ? undecodable(info.path, cause) : cause;
  } finally {
    converter.free();
    await video.close();
  }
  if (missing > 0) throw videoError(info.path, 'it changed while it was read', 'Read it when nothing writes to it.');
}
