import type { Orientation } from '../video/orientation.js';
import type { RgbaImage } from './decode-still.js';

/** An image as it is to be shown. */
export function orientRgba(image: RgbaImage, { swap, flipX, flipY }: Orientation): RgbaImage {
  if (!swap && !flipX && !flipY) return image;
  const width = swap ? image.height : image.width;
  const height = swap ? image.width : image.height;
  const from = new Uint32Array(image.data.slice().buffer);
  const to = new Uint32Array(width * height);
  for (let y = 0; y < height; y++) {
    const sy = flipY ? height - 1 - y : y;
    for (let x = 0; x < width; x++) {
      const sx = flipX ? width - 1 - x : x;
      to[y * width + x] = swap ? from[sx * image.width + sy]! : from[sy * image.width + sx]!;
    }
  }
  return { width, height, data: new Uint8Array(to.buffer) };
}
