import type { Av } from '../video/load-av.js';
import { decodeStill, type RgbaImage } from './decode-still.js';
import { exifOrientation } from './exif-orientation.js';
import { jpegIsWhole } from './jpeg-is-whole.js';
import { orientRgba } from './orient-rgba.js';
import { type TiffDirectory, tiffDirectory } from './tiff-directory.js';

const JPEG = 7;
const RGB = 2;

/**
 * A TIFF whose strips or tiles are JPEGs, upright; null for TIFFs of other codings. FFmpeg takes their colours for
 * brightness and chroma, whatever they are, and does not read their tables.
 * Source: TIFF Technical Note 2 (JPEG), TIFF 6.0 sections 8 and 15.
 * @throws Error when it cannot be decoded
 */
export async function decodeTiffJpeg(av: Av, file: Uint8Array): Promise<RgbaImage | null> {
  const directory = tiffDirectory(file);
  if (directory?.numbers(259)[0] !== JPEG) return null;
  const [width, height, photometric, planar] = [256, 257, 262, 284].map((tag) => directory.numbers(tag)[0]);
  if (!width || !height || planar === 2) throw new Error('its planes are stored one after another');
  const { offsets, counts, partWidth, partHeight } = partsOf(directory, width, height);
  const across = Math.ceil(width / partWidth);
  const image: RgbaImage = { width, height, data: new Uint8Array(width * height * 4) };
  for (const [i, offset] of offsets.entries()) {
    const jpeg = joined(directory.bytes(347), file.subarray(offset, offset + counts[i]!), photometric === RGB);
    if (!jpegIsWhole(jpeg)) throw new Error('a part of it is cut');
    const part = await decodeStill(av, jpeg, 'jpeg');
    paste(image, part, (i % across) * partWidth, Math.floor(i / across) * partHeight);
  }
  return orientRgba(image, exifOrientation(file));
}

function partsOf(directory: TiffDirectory, width: number, height: number) {
  const tiled = directory.numbers(324).length > 0;
  const [offsets, counts] = (tiled ? [324, 325] : [273, 279]).map((tag) => directory.numbers(tag)) as [
    number[],
    number[],
  ];
  const partWidth = (tiled ? directory.numbers(322)[0] : width) || width;
  const partHeight = (tiled ? directory.numbers(323)[0] : directory.numbers(278)[0]) || height;
  const wanted = Math.ceil(width / partWidth) * Math.ceil(height / partHeight);
  if (offsets.length < wanted || counts.length < wanted) throw new Error('parts of it are missing');
  return { offsets: offsets.slice(0, wanted), counts, partWidth, partHeight };
}

/** One JPEG of a part and the tables of all; a marker of Adobe's says whether its components are red, green and blue. */
function joined(tables: Uint8Array | null, part: Uint8Array, rgb: boolean): Uint8Array {
  const start = [0xff, 0xd8];
  const adobe = [0xff, 0xee, 0, 14, ...Buffer.from('Adobe'), 0, 100, 0, 0, 0, 0, rgb ? 0 : 1];
  // Tables begin and end as an image does.
  const inner = tables ? tables.subarray(2, tables.length - 2) : new Uint8Array();
  return Buffer.concat([Buffer.from([...start, ...adobe]), inner, part.subarray(2)]);
}

function paste(image: RgbaImage, part: RgbaImage, x: number, y: number): void {
  const rowBytes = Math.min(part.width, image.width - x) * 4;
  for (let row = 0; row < Math.min(part.height, image.height - y); row++) {
    const from = row * part.width * 4;
    image.data.set(part.data.subarray(from, from + rowBytes), ((y + row) * image.width + x) * 4);
  }
}
