import type { Frame } from 'node-av/lib';
import type { DecodeTally } from './judge-video.js';
import type { Av } from './load-av.js';
import type { OpenedVideo } from './open-video.js';

/** One decoded frame, valid only during the call that hands it over. */
export interface DecodedFrame {
  frame: Frame;
  index: number;
  /** Presentation time, s. */
  timestamp: number;
}

/** MPEG-4 says "the frame before once more" in so few bytes, for which the decoder gives no frame. */
const NOT_CODED_BYTES = 19;

/**
 * Decodes from the start, one frame in memory at a time, and hands each frame over in presentation order, up to the
 * first failure: what follows a lost packet refers to it and is damaged too. After a failure the packets are still
 * counted, which tells a file that ends early from one that is damaged.
 * @param visit returns `false` to stop early; the tally is then partial
 */
export async function decodeFrames(
  { lib, constants }: Av,
  { format, stream, streamIndex, decoder }: OpenedVideo,
  visit: (decoded: DecodedFrame) => boolean | undefined | Promise<boolean | undefined>,
): Promise<DecodeTally> {
  const tally: DecodeTally = {
    packets: 0,
    discardedPackets: 0,
    corruptPackets: 0,
    emptyPackets: 0,
    decodedFrames: 0,
    concealedFrames: 0,
    decodeError: null,
    readError: null,
    // Clocks may begin below 0.
    videoEnd: Number.NEGATIVE_INFINITY,
    fileEnd: Number.NEGATIVE_INFINITY,
    largestStep: 0,
  };
  const { num, den } = stream.timeBase;
  const interval = stream.avgFrameRate.num > 0 ? stream.avgFrameRate.den / stream.avgFrameRate.num : 0;
  const mayBeEmpty = stream.codecpar.codecId === constants.AV_CODEC_ID_MPEG4;
  const packet = new lib.Packet();
  const frame = new lib.Frame();
  packet.alloc();
  frame.alloc();
  let last = Number.NaN;
  let stopped = false;

  const fail = (code: number) => {
    tally.decodeError ??= new lib.FFmpegError(code).message;
  };
  const receiveAll = async (): Promise<void> => {
    while (!stopped) {
      const code = await decoder.receiveFrame(frame);
      if (code === constants.AVERROR_EAGAIN || code === constants.AVERROR_EOF) return;
      if (code < 0) return fail(code);
      const stamp = frame.bestEffortTimestamp;
      // A raw stream has no timestamps: count on at the average rate.
      const timestamp =
        stamp === constants.AV_NOPTS_VALUE ? (Number.isNaN(last) ? 0 : last + interval) : (Number(stamp) * num) / den;
      if (!Number.isNaN(last)) tally.largestStep = Math.max(tally.largestStep, timestamp - last);
      last = timestamp;
      const length = frame.duration > 0n ? (Number(frame.duration) * num) / den : interval;
      tally.videoEnd = Math.max(tally.videoEnd, timestamp + length);
      if (frame.decodeErrorFlags !== 0 || (frame.flags & constants.AV_FRAME_FLAG_CORRUPT) !== 0)
        tally.concealedFrames++;
      const go = await visit({ frame, index: tally.decodedFrames++, timestamp });
      frame.unref();
      stopped = go === false;
    }
  };

  try {
    while (!stopped) {
      const code = await format.readFrame(packet);
      if (code === constants.AVERROR_EOF) break;
      if (code < 0) {
        tally.readError = new lib.FFmpegError(code).message;
        break;
      }
      const base = packet.streamIndex === streamIndex ? stream.timeBase : format.streams[packet.streamIndex]!.timeBase;
      if (packet.pts !== constants.AV_NOPTS_VALUE) {
        tally.fileEnd = Math.max(tally.fileEnd, (Number(packet.pts + packet.duration) * base.num) / base.den);
      }
      if (packet.streamIndex === streamIndex) {
        tally.packets++;
        if (packet.flags & constants.AV_PKT_FLAG_DISCARD) tally.discardedPackets++;
        if (packet.flags & constants.AV_PKT_FLAG_CORRUPT) tally.corruptPackets++;
        if (mayBeEmpty && packet.size <= NOT_CODED_BYTES) tally.emptyPackets++;
        if (tally.decodeError === null) {
          const sent = await decoder.sendPacket(packet);
          if (sent < 0) fail(sent);
          else await receiveAll();
        }
      }
      packet.unref();
    }
    if (!stopped && tally.decodeError === null) {
      const flushed = await decoder.sendPacket(null);
      if (flushed < 0) fail(flushed);
      else await receiveAll();
    }
    return tally;
  } finally {
    packet.free();
    frame.free();
  }
}
