import { expected, UserError } from '@motion-enhancer/support';
import { convertIndexedToRgb, type DecodedPng, decode, encode } from 'fast-png';

/** Pixels of a PNG: uint8 [height, width, channels], 3 = RGB, 4 = RGB with straight alpha. */
export interface PngImage {
  width: number;
  height: number;
  channels: 3 | 4;
  data: Uint8Array;
}

/**
 * Encodes RGB or RGBA; which of the two follows from the length of `data`.
 * @param image.data uint8 [height, width, 3 or 4]
 * @throws {UserError} `ERR_VALUE` when the length fits neither
 */
export function encodePng(image: { width: number; height: number; data: Uint8Array }): Uint8Array {
  const { width, height, data } = image;
  const channels = data.length / (width * height);
  if (channels !== 3 && channels !== 4) {
    throw expected(`${width * height * 3} or ${width * height * 4} bytes`, 'data of the image', data.length);
  }
  return encode({ width, height, data, channels, depth: 8 });
}

/**
 * Decodes any PNG to 8 bits per channel: grey becomes RGB, palettes are resolved, 16 bits keep their upper 8.
 * @throws {UserError} `ERR_PNG` when the bytes are no sound PNG
 */
export function decodePng(bytes: Uint8Array): PngImage {
  let png: DecodedPng;
  try {
    png = decode(bytes);
    if (png.palette) {
      const data = new Uint8Array(convertIndexedToRgb(png));
      return { width: png.width, height: png.height, channels: channelsOf(data, png), data };
    }
  } catch (cause) {
    throw new UserError('Expected a PNG image but its bytes cannot be decoded. Write or fetch the file again.', {
      code: 'ERR_PNG',
      cause,
    });
  }
  const samples = toBytes(png);
  const data = png.channels >= 3 ? samples : spreadGrey(samples, png.channels);
  const { width, height, transparency } = png;
  if (transparency && transparency.length >= png.channels && channelsOf(data, png) === 3)
    return { width, height, channels: 4, data: keyed(png, data, transparency) };
  return { width, height, channels: channelsOf(data, png), data };
}

/** RGBA in which the one colour that tRNS names is transparent. */
function keyed(png: DecodedPng, rgb: Uint8Array, key: Uint16Array): Uint8Array {
  const { data, depth, channels } = png;
  const rgba = new Uint8Array((rgb.length / 3) * 4);
  // Samples of less than a byte have been spread to one.
  const samples = depth < 8 ? rgb : data;
  const step = depth < 8 ? 3 : channels;
  const scale = depth < 8 ? 255 / (2 ** depth - 1) : 1;
  for (let i = 0; i < rgb.length / 3; i++) {
    for (let c = 0; c < 3; c++) rgba[i * 4 + c] = rgb[i * 3 + c]!;
    let same = true;
    for (let c = 0; c < channels; c++) same &&= samples[i * step + c] === key[c]! * scale;
    rgba[i * 4 + 3] = same ? 0 : 255;
  }
  return rgba;
}

function channelsOf(data: Uint8Array, { width, height }: DecodedPng): 3 | 4 {
  return data.length === width * height * 4 ? 4 : 3;
}

/** 8-bit samples of 16-bit ones, or of the packed 1-, 2- and 4-bit ones that only grey may have. */
function toBytes({ data, depth, width, height }: DecodedPng): Uint8Array {
  if (depth === 8) return new Uint8Array(data.buffer, data.byteOffset, data.length);
  if (depth === 16) return Uint8Array.from(data, (sample) => sample >> 8);
  const perByte = 8 / depth;
  const rowBytes = Math.ceil(width / perByte);
  const mask = 2 ** depth - 1;
  const out = new Uint8Array(width * height);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const byte = data[y * rowBytes + Math.floor(x / perByte)]!;
      const sample = (byte >> (8 - depth * ((x % perByte) + 1))) & mask;
      out[y * width + x] = (sample * 255) / mask;
    }
  }
  return out;
}

/** Grey (1 channel) to RGB, grey with alpha (2) to RGBA. */
function spreadGrey(grey: Uint8Array, channels: number): Uint8Array {
  const pixels = grey.length / channels;
  const out = new Uint8Array(pixels * (channels + 2));
  for (let i = 0; i < pixels; i++) {
    out.fill(grey[i * channels]!, i * (channels + 2), i * (channels + 2) + 3);
    if (channels === 2) out[i * 4 + 3] = grey[i * 2 + 1]!;
  }
  return out;
}
