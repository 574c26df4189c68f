import { expected } from '@motion-enhancer/support';
import { loadAv } from './load-av.js';

/** Pixels of one frame: uint8 [height, width, 3]. */
interface Picture {
  width: number;
  height: number;
  data: Uint8Array;
}

/**
 * An animated WebP that plays for ever: browsers and README pages show it.
 * @param frames RGB, all of one size @param milliseconds how long each frame stays
 * @param quality 0 to 100
 * @returns the file's bytes
 * @throws UserError `ERR_VIDEO_LIBRARY` where FFmpeg is not installed; `ERR_VALUE` for no frame, or frames of several sizes
 */
export async function encodeAnimatedWebp(
  frames: readonly Picture[],
  milliseconds: number,
  quality = 70,
): Promise<Uint8Array> {
  const [first] = frames;
  if (!first) throw expected('at least one frame', 'an animation', 0);
  const { width, height } = first;
  const other = frames.find((frame) => frame.width !== width || frame.height !== height);
  if (other) throw expected(`${width} × ${height}`, 'size of a frame', `${other.width} × ${other.height}`);
  const { lib, constants } = await loadAv();
  const check = (status: number, what: string) => lib.FFmpegError.throwIfError(status, what);
  const codec = lib.Codec.findEncoderByName('libwebp_anim' as Parameters<typeof lib.Codec.findEncoderByName>[0]);
  if (!codec) throw new Error('This FFmpeg was built without libwebp.');
  const encoder = new lib.CodecContext();
  const packet = new lib.Packet();
  const parts: Uint8Array[] = [];
  const drain = async () => {
    for (;;) {
      const status = await encoder.receivePacket(packet);
      if (status === constants.AVERROR_EOF || status === constants.AVERROR_EAGAIN) return;
      check(status, 'encoding an animation');
      parts.push(Uint8Array.from(packet.data!));
      packet.unref();
    }
  };
  try {
    encoder.allocContext3(codec);
    encoder.width = width;
    encoder.height = height;
    encoder.pixelFormat = constants.AV_PIX_FMT_BGRA;
    encoder.timeBase = new lib.Rational(1, 1000);
    encoder.framerate = new lib.Rational(1000, Math.max(1, Math.round(milliseconds)));
    const options = lib.Dictionary.fromObject({ quality: String(quality), compression_level: '4' });
    try {
      check(await encoder.open2(codec, options), 'opening the WebP encoder');
    } finally {
      options.free();
    }
    packet.alloc();
    for (const [i, { data }] of frames.entries()) {
      const frame = new lib.Frame();
      try {
        frame.alloc();
        frame.format = constants.AV_PIX_FMT_BGRA;
        frame.width = width;
        frame.height = height;
        check(frame.getBuffer(), 'allocating a frame');
        check(frame.fromBuffer(Buffer.from(toBgra(data).buffer)), 'filling a frame');
        frame.pts = BigInt(Math.round(i * milliseconds));
        frame.duration = BigInt(Math.round(milliseconds));
        check(await encoder.sendFrame(frame), 'encoding a frame');
      } finally {
        frame.free();
      }
      await drain();
    }
    check(await encoder.sendFrame(null), 'ending an animation');
    await drain();
    return Buffer.concat(parts);
  } finally {
    packet.free();
    encoder.freeContext();
  }
}

function toBgra(rgb: Uint8Array): Uint8Array {
  const out = new Uint8Array((rgb.length / 3) * 4);
  for (let from = 0, to = 0; from < rgb.length; from += 3, to += 4) {
    out[to] = rgb[from + 2]!;
    out[to + 1] = rgb[from + 1]!;
    out[to + 2] = rgb[from]!;
    out[to + 3] = 255;
  }
  return out;
}
