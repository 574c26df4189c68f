import { availableParallelism } from 'node:os';
import { resolve } from 'node:path';
import { assertRegularFile } from '@motion-enhancer/support';
import type { Codec, CodecContext, FormatContext, Stream } from 'node-av/lib';
import { localPath } from '../local-path.js';
import type { Av } from './load-av.js';
import { type Orientation, orientationFromMatrix } from './orientation.js';
import { pickStream } from './pick-stream.js';
import { videoError } from './video-error.js';

/** A container with its decoder, ready to read. `close()` frees both; call it on every path. */
export interface OpenedVideo {
  format: FormatContext;
  stream: Stream;
  streamIndex: number;
  /** Video streams of the file, cover pictures not counted. */
  videoStreams: number;
  codec: Codec;
  decoder: CodecContext;
  orientation: Orientation;
  close(): Promise<void>;
}

/** Why a file that exists cannot be decoded. */
export class UnreadableVideo extends Error {
  override readonly name: string = 'UnreadableVideo';
}

/**
 * Containers that are read. A list, because FFmpeg would otherwise take a text file for a teletype recording, and would
 * let a playlist or a concat script open other files.
 */
const CONTAINERS =
  'mov,mp4,m4a,3gp,3g2,mj2,matroska,webm,avi,mpegts,mpeg,mpegvideo,m4v,flv,asf,ogg,gif,apng,h264,hevc,ivf,obu,av1,' +
  'yuv4mpegpipe,nut,mxf,dv,wtv,rm,vc1,h263';

/** Beyond this many threads a decoder gains little and holds more frames. */
const MAX_THREADS = 4;

/**
 * Opens a file's best video stream (cover pictures do not count). A path may be a `file://` URL.
 * @throws {UserError} `ERR_VIDEO` for a path that is no readable file
 * @throws {UnreadableVideo} for a file without a video that can be decoded
 */
export async function openVideo(av: Av, path: string, threads?: number): Promise<OpenedVideo> {
  const file = localPath(path);
  assertRegularFile(file, (problem, remedy, cause) => videoError(path, problem, remedy, cause));
  const { lib, constants } = av;
  const format = new lib.FormatContext();
  const decoder = new lib.CodecContext();
  const close = async () => {
    decoder.freeContext();
    await format.closeInput();
  };
  const options = lib.Dictionary.fromObject({ format_whitelist: CONTAINERS, protocol_whitelist: 'file' });
  try {
    // The prefix keeps a colon in a name from being taken for a protocol.
    const opened = await format.openInput(`file:${resolve(file)}`, null, options);
    if (opened < 0) throw new UnreadableVideo('it is not a video file, or its index is missing or damaged');
    const analysed = await format.findStreamInfo();
    if (analysed < 0) throw new UnreadableVideo('its streams could not be analysed');
    const { index: streamIndex, videos: videoStreams } = pickStream(av, format);
    if (streamIndex < 0) throw new UnreadableVideo('it holds no video stream');
    const stream = format.streams[streamIndex]!;
    const codec = lib.Codec.findDecoder(stream.codecpar.codecId);
    if (!codec) throw new UnreadableVideo(`its coding ${codecName(av, stream)} has no decoder here`);
    decoder.allocContext3(codec);
    decoder.parametersToContext(stream.codecpar);
    decoder.pktTimebase = stream.timeBase;
    decoder.threadCount = threads ?? Math.min(MAX_THREADS, availableParallelism());
    if ((await decoder.open2(codec)) < 0)
      throw new UnreadableVideo(`its ${codecName(av, stream)} decoder did not open`);
    const matrix = stream.codecpar.getCodedSideData(constants.AV_PKT_DATA_DISPLAYMATRIX);
    const orientation = orientationFromMatrix(matrix);
    return { format, stream, streamIndex, videoStreams, codec, decoder, orientation, close };
  } catch (error) {
    await close();
    throw error;
  } finally {
    options.free();
  }
}

/** Name of a stream's coding: `h264`, `hevc`, `vp9`, `av1`, … */
export function codecName({ lib }: Av, stream: Stream): string {
  return lib.avGetCodecName(stream.codecpar.codecId) ?? 'unknown';
}
