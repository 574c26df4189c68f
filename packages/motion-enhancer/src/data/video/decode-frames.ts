import type { Frame, Packet } from 'node-av/lib';
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

/** @returns `false` to stop early */
type Visit = (decoded: DecodedFrame) => boolean | undefined | Promise<boolean | undefined>;

/**
 * Decodes from the start, one frame in memory at a time, and hands each frame over in presentation order, up to the
 * first failure: what follows a lost packet refers to it and is damaged too. After a failure the packets are still
 * counted, which tells a file that ends early from one that is damaged.
 * @param visit returns `false` to stop early; the tally is then partial
 */
export async function decodeFrames(av: Av, video: OpenedVideo, visit: Visit): Promise<DecodeTally> {
  const decoding = new Decoding(av, video, visit);
  try {
    await decoding.run();
    return decoding.tally;
  } finally {
    decoding.dispose();
  }
}

class Decoding {
  readonly tally: DecodeTally = {
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
  readonly #av: Av;
  readonly #video: OpenedVideo;
  readonly #visit: Visit;
  readonly #packet: Packet;
  readonly #frame: Frame;
  /** Presentation time of the frame before, s. */
  #last = Number.NaN;
  #stopped = false;

  constructor(av: Av, video: OpenedVideo, visit: Visit) {
    this.#av = av;
    this.#video = video;
    this.#visit = visit;
    this.#packet = new av.lib.Packet();
    this.#frame = new av.lib.Frame();
    this.#packet.alloc();
    this.#frame.alloc();
  }

  dispose(): void {
    this.#packet.free();
    this.#frame.free();
  }

  async run(): Promise<void> {
    const { format, streamIndex } = this.#video;
    const { AVERROR_EOF } = this.#av.constants;
    while (!this.#stopped) {
      const code = await format.readFrame(this.#packet);
      if (code === AVERROR_EOF) break;
      if (code < 0) {
        this.tally.readError = new this.#av.lib.FFmpegError(code).message;
        break;
      }
      this.#notePacketEnd();
      if (this.#packet.streamIndex === streamIndex) {
        this.#countPacket();
        await this.#decode(this.#packet);
      }
      this.#packet.unref();
    }
    if (!this.#stopped) await this.#decode(null);
  }

  #notePacketEnd(): void {
    const { format, stream, streamIndex } = this.#video;
    const packet = this.#packet;
    const base = packet.streamIndex === streamIndex ? stream.timeBase : format.streams[packet.streamIndex]!.timeBase;
    if (packet.pts === this.#av.constants.AV_NOPTS_VALUE) return;
    this.tally.fileEnd = Math.max(this.tally.fileEnd, (Number(packet.pts + packet.duration) * base.num) / base.den);
  }

  #countPacket(): void {
    const { constants } = this.#av;
    const { tally } = this;
    const { flags, size } = this.#packet;
    const mayBeEmpty = this.#video.stream.codecpar.codecId === constants.AV_CODEC_ID_MPEG4;
    tally.packets++;
    if (flags & constants.AV_PKT_FLAG_DISCARD) tally.discardedPackets++;
    if (flags & constants.AV_PKT_FLAG_CORRUPT) tally.corruptPackets++;
    if (mayBeEmpty && size <= NOT_CODED_BYTES) tally.emptyPackets++;
  }

  /** Nothing after a failure. @param packet `null` for the frames that the decoder still holds at the end */
  async #decode(packet: Packet | null): Promise<void> {
    if (this.tally.decodeError !== null) return;
    const sent = await this.#video.decoder.sendPacket(packet);
    if (sent < 0) this.#fail(sent);
    else await this.#receiveAll();
  }

  #fail(code: number): void {
    this.tally.decodeError ??= new this.#av.lib.FFmpegError(code).message;
  }

  async #receiveAll(): Promise<void> {
    const { AVERROR_EAGAIN, AVERROR_EOF } = this.#av.constants;
    const frame = this.#frame;
    while (!this.#stopped) {
      const code = await this.#video.decoder.receiveFrame(frame);
      if (code === AVERROR_EAGAIN || code === AVERROR_EOF) return;
      if (code < 0) return this.#fail(code);
      const timestamp = this.#countFrame();
      const go = await this.#visit({ frame, index: this.tally.decodedFrames++, timestamp });
      frame.unref();
      this.#stopped = go === false;
    }
  }

  /** @returns presentation time, s */
  #countFrame(): number {
    const { constants } = this.#av;
    const { stream } = this.#video;
    const { num, den } = stream.timeBase;
    const interval = stream.avgFrameRate.num > 0 ? stream.avgFrameRate.den / stream.avgFrameRate.num : 0;
    const { tally } = this;
    const frame = this.#frame;
    const last = this.#last;
    const stamp = frame.bestEffortTimestamp;
    // A raw stream has no timestamps: count on at the average rate.
    const timestamp =
      stamp === constants.AV_NOPTS_VALUE ? (Number.isNaN(last) ? 0 : last + interval) : (Number(stamp) * num) / den;
    if (!Number.isNaN(last)) tally.largestStep = Math.max(tally.largestStep, timestamp - last);
    this.#last = timestamp;
    const length = frame.duration > 0n ? (Number(frame.duration) * num) / den : interval;
    tally.videoEnd = Math.max(tally.videoEnd, timestamp + length);
    if (frame.decodeErrorFlags !== 0 || (frame.flags & constants.AV_FRAME_FLAG_CORRUPT) !== 0) tally.concealedFrames++;
    return timestamp;
  }
}
