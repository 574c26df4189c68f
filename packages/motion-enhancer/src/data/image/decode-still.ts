import type { Frame } from 'node-av/lib';
import type { Av } from '../video/load-av.js';
import { orientationFromMatrix } from '../video/orientation.js';
import { orientRgba } from './orient-rgba.js';

export type StillFormat = 'jpeg' | 'webp' | 'bmp' | 'gif' | 'tiff';

/** RGBA with straight alpha: uint8 [height, width, 4]. */
export interface RgbaImage {
  width: number;
  height: number;
  data: Uint8Array;
}

const CODECS = {
  jpeg: 'AV_CODEC_ID_MJPEG',
  webp: 'AV_CODEC_ID_WEBP',
  bmp: 'AV_CODEC_ID_BMP',
  gif: 'AV_CODEC_ID_GIF',
  tiff: 'AV_CODEC_ID_TIFF',
} as const satisfies Record<StillFormat, string>;

/**
 * Decodes the first frame of an image file with FFmpeg, turned upright.
 * @throws Error when the bytes are not decodable
 */
export async function decodeStill(av: Av, bytes: Uint8Array, format: StillFormat): Promise<RgbaImage> {
  const { lib, constants } = av;
  const codec = lib.Codec.findDecoder(constants[CODECS[format]]);
  if (!codec) throw new Error(`FFmpeg has no decoder of ${format}`);
  const decoder = new lib.CodecContext();
  const packet = new lib.Packet();
  const frame = new lib.Frame();
  try {
    decoder.allocContext3(codec);
    lib.FFmpegError.throwIfError(await decoder.open2(codec), 'opening the decoder');
    packet.alloc();
    packet.data = Buffer.from(bytes);
    frame.alloc();
    lib.FFmpegError.throwIfError(await decoder.sendPacket(packet), 'decoding');
    await decoder.sendPacket(null);
    lib.FFmpegError.throwIfError(await decoder.receiveFrame(frame), 'decoding');
    if (frame.decodeErrorFlags !== 0 || (frame.flags & constants.AV_FRAME_FLAG_CORRUPT) !== 0)
      throw new Error('a part cannot be decoded');
    const orientation = orientationFromMatrix(frame.getSideData(constants.AV_FRAME_DATA_DISPLAYMATRIX));
    return orientRgba({ width: frame.width, height: frame.height, data: await toRgba(av, frame) }, orientation);
  } finally {
    frame.free();
    packet.free();
    decoder.freeContext();
  }
}

async function toRgba({ lib, constants }: Av, frame: Frame): Promise<Uint8Array> {
  const scaler = new lib.SoftwareScaleContext();
  const rgba = new lib.Frame();
  try {
    // Left uninitialised on purpose: libswscale then reads size, matrix and range from the frame.
    scaler.allocContext();
    // Rounded as libjpeg does; its default would leave a few levels between.
    lib.Option.set(scaler.getNative(), 'sws_flags', 'bilinear+accurate_rnd+full_chroma_int');
    rgba.alloc();
    rgba.format = constants.AV_PIX_FMT_RGBA;
    rgba.width = frame.width;
    rgba.height = frame.height;
    lib.FFmpegError.throwIfError(rgba.getBuffer(), 'allocating an RGBA frame');
    lib.FFmpegError.throwIfError(await scaler.scaleFrame(rgba, frame), 'converting to RGBA');
    return Uint8Array.from(rgba.toBuffer());
  } finally {
    rgba.free();
    scaler.freeContext();
  }
}
