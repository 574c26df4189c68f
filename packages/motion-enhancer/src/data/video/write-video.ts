import { renameSync, rmSync } from 'node:fs';
import { UserError } from '@motion-enhancer/support';
import type { CodecContext, FormatContext, Frame, Packet, Stream } from 'node-av/lib';
import { type Av, loadAv } from './load-av.js';

/** Pictures of one size: uint8 [count, height, width, 3]. */
export interface RgbFrames {
  frames: Uint8Array;
  count: number;
  width: number;
  height: number;
}

/**
 * Writes a lossless video: PNG pictures in a QuickTime file (`.mov`); `readFrames` gives the same bytes back.
 * It is written beside and renamed, so that no half of it is ever seen.
 * @throws UserError `ERR_WRITE`
 */
export async function writeVideo(path: string, video: RgbFrames, fps: number): Promise<void> {
  const av = await loadAv();
  const part = `${path}.part-${process.pid}.mov`;
  try {
    await encode(av, part, video, fps);
    renameSync(part, path);
  } catch (cause) {
    rmSync(part, { force: true });
    throw new UserError(
      `Expected to write the video ${path} but could not (${(cause as Error).message}). Name a folder that can be written.`,
      { code: 'ERR_WRITE', cause },
    );
  }
}

interface Output {
  format: FormatContext;
  coder: CodecContext;
  stream: Stream;
  packet: Packet;
}

async function encode(av: Av, path: string, video: RgbFrames, fps: number): Promise<void> {
  const { lib, constants } = av;
  const format = new lib.FormatContext();
  const coder = new lib.CodecContext();
  const packet = new lib.Packet();
  const frame = new lib.Frame();
  const check = (code: number, doing: string) => lib.FFmpegError.throwIfError(code, doing);
  let open = false;
  try {
    check(format.allocOutputContext2(null, 'mov', path), 'making the container');
    const codec = lib.Codec.findEncoder(constants.AV_CODEC_ID_PNG);
    if (!codec) throw new Error('FFmpeg has no encoder of PNG');
    coder.allocContext3(codec);
    coder.width = video.width;
    coder.height = video.height;
    coder.pixelFormat = constants.AV_PIX_FMT_RGB24;
    coder.timeBase = new lib.Rational(1, fps);
    coder.framerate = new lib.Rational(fps, 1);
    check(await coder.open2(codec), 'opening the encoder');
    const stream = format.newStream();
    check(stream.codecpar.fromContext(coder), 'describing the stream');
    stream.timeBase = coder.timeBase;
    stream.avgFrameRate = coder.framerate;
    check(await format.openOutput(), 'opening the file');
    open = true;
    check(await format.writeHeader(), 'writing the header');
    packet.alloc();
    await encodeFrames(av, video, frame, { format, coder, stream, packet });
    check(await format.writeTrailer(), 'writing the trailer');
  } finally {
    if (open) await format.closeOutput();
    frame.free();
    packet.free();
    coder.freeContext();
    format.freeContext();
  }
}

async function encodeFrames(av: Av, video: RgbFrames, frame: Frame, o: Output): Promise<void> {
  const { lib, constants } = av;
  const check = (code: number, doing: string) => lib.FFmpegError.throwIfError(code, doing);
  const size = video.width * video.height * 3;
  const drain = async () => {
    while ((await o.coder.receivePacket(o.packet)) >= 0) {
      o.packet.streamIndex = o.stream.index;
      o.packet.rescaleTs(o.coder.timeBase, o.stream.timeBase);
      check(await o.format.interleavedWriteFrame(o.packet), 'writing a frame');
    }
  };
  for (let t = 0; t < video.count; t++) {
    frame.alloc();
    frame.format = constants.AV_PIX_FMT_RGB24;
    frame.width = video.width;
    frame.height = video.height;
    check(frame.getBuffer(), 'making a frame');
    check(frame.fromBuffer(Buffer.from(video.frames.subarray(t * size, (t + 1) * size))), 'filling a frame');
    frame.pts = BigInt(t);
    frame.duration = 1n;
    check(await o.coder.sendFrame(frame), 'encoding');
    frame.unref();
    await drain();
  }
  check(await o.coder.sendFrame(null), 'encoding');
  await drain();
}
