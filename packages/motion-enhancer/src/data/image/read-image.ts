import { readFile } from 'node:fs/promises';
import { assertRegularFile, UserError } from '@motion-enhancer/support';
import { localPath } from '../local-path.js';
import { loadAv } from '../video/load-av.js';
import { UPRIGHT } from '../video/orientation.js';
import { decodeStill, type RgbaImage } from './decode-still.js';
import { exifOrientation } from './exif-orientation.js';
import { jpegIsWhole } from './jpeg-is-whole.js';
import { orientRgba } from './orient-rgba.js';
import { decodePng, type PngImage } from './png.js';
import { pngExif } from './png-exif.js';
import type { RgbImage } from './rgb-image.js';
import { decodeTiffJpeg } from './tiff-jpeg.js';

/** Codings that are read, by how a file of theirs begins. */
const FORMATS: readonly [name: ImageFormat, matches: (bytes: Uint8Array) => boolean][] = [
  ['png', (b) => starts(b, [0x89, 0x50, 0x4e, 0x47])],
  ['jpeg', (b) => starts(b, [0xff, 0xd8, 0xff])],
  ['webp', (b) => starts(b, [0x52, 0x49, 0x46, 0x46]) && starts(b.subarray(8), [0x57, 0x45, 0x42, 0x50])],
  ['bmp', (b) => starts(b, [0x42, 0x4d])],
  ['gif', (b) => starts(b, [0x47, 0x49, 0x46, 0x38])],
  ['tiff', (b) => starts(b, [0x49, 0x49, 0x2a, 0x00]) || starts(b, [0x4d, 0x4d, 0x00, 0x2a])],
];

export type ImageFormat = 'png' | 'jpeg' | 'webp' | 'bmp' | 'gif' | 'tiff';

/**
 * Reads an image file (a path or a `file://` URL) as RGB, turned upright by its EXIF orientation; transparent parts become white, as qwen-vl-utils
 * has them. Of an animation the first frame.
 * @throws UserError ERR_IMAGE, naming the file: none there, not an image of a known coding, damaged
 */
export async function readImage(path: string): Promise<RgbImage> {
  const file = localPath(path);
  assertRegularFile(file, (problem, remedy, cause) => imageError(path, problem, remedy, cause));
  const bytes = await readFile(file).catch((cause: NodeJS.ErrnoException) => {
    throw imageError(path, `it cannot be read (${cause.code})`, 'Check the path and its permissions.', cause);
  });
  const format = imageFormat(bytes);
  if (!format)
    throw imageError(
      path,
      bytes.length === 0 ? 'it is empty' : 'its first bytes are those of no image',
      `Give one of ${FORMATS.map(([name]) => name).join(', ')}; videos go to --video.`,
    );
  try {
    const { width, height, data } = await decode(bytes, format);
    return { width, height, data: overWhite(data) };
  } catch (cause) {
    if (cause instanceof UserError && cause.code === 'ERR_VIDEO_LIBRARY') throw cause;
    throw imageError(path, `it is a damaged ${format} file`, 'Write or fetch it again.', cause);
  }
}

/** As it is to be shown, with its transparency. */
async function decode(bytes: Uint8Array, format: ImageFormat): Promise<RgbaImage> {
  if (format === 'png') {
    const exif = pngExif(bytes);
    return orientRgba(withAlpha(decodePng(bytes)), exif ? exifOrientation(exif) : UPRIGHT);
  }
  if (format === 'jpeg' && !jpegIsWhole(bytes)) throw new Error('it ends early');
  const av = await loadAv();
  const tiff = format === 'tiff' ? await decodeTiffJpeg(av, bytes) : null;
  return tiff ?? decodeStill(av, bytes, format);
}

function withAlpha({ width, height, channels, data }: PngImage): RgbaImage {
  if (channels === 4) return { width, height, data };
  const rgba = new Uint8Array(width * height * 4).fill(255);
  for (let from = 0, to = 0; from < data.length; from += 3, to += 4)
    for (let c = 0; c < 3; c++) rgba[to + c] = data[from + c]!;
  return { width, height, data: rgba };
}

/** The coding of an image, or null. */
export function imageFormat(bytes: Uint8Array): ImageFormat | null {
  return FORMATS.find(([, matches]) => matches(bytes))?.[0] ?? null;
}

/** RGBA with straight alpha laid over white: uint8 [n, 4] → [n, 3]. */
function overWhite(rgba: Uint8Array): Uint8Array {
  const rgb = new Uint8Array((rgba.length / 4) * 3);
  for (let from = 0, to = 0; from < rgba.length; from += 4, to += 3) {
    const alpha = rgba[from + 3]!;
    for (let c = 0; c < 3; c++)
      rgb[to + c] = alpha === 255 ? rgba[from + c]! : Math.round((rgba[from + c]! * alpha + 255 * (255 - alpha)) / 255);
  }
  return rgb;
}

function starts(bytes: Uint8Array, magic: readonly number[]): boolean {
  return magic.every((byte, i) => bytes[i] === byte);
}

function imageError(path: string, problem: string, remedy: string, cause?: unknown): UserError {
  return new UserError(`Expected an image for ${JSON.stringify(path)} but ${problem}. ${remedy}`, {
    code: 'ERR_IMAGE',
    cause,
  });
}
