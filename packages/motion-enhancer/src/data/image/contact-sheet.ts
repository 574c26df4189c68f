import { expected } from '@motion-enhancer/support';
import type { RgbImage } from './rgb-image.js';

/**
 * Sets images of one size side by side, a row of the sheet for each row given; shorter rows end in background.
 * @param rows at least one image in all
 * @param options.gap pixels between images and around the sheet (default 4)
 * @param options.background RGB (default white)
 * @throws {UserError} `ERR_VALUE` when there is no image or one differs in size
 */
export function contactSheet(
  rows: readonly (readonly RgbImage[])[],
  { gap = 4, background = [255, 255, 255] }: { gap?: number; background?: readonly [number, number, number] } = {},
): RgbImage {
  const first = rows.find((row) => row.length > 0)?.[0];
  if (!first) throw expected('at least one image', 'rows of a contact sheet', rows.length);
  const columns = Math.max(...rows.map((row) => row.length));
  const width = columns * (first.width + gap) + gap;
  const height = rows.length * (first.height + gap) + gap;
  const data = new Uint8Array(width * height * 3);
  for (let i = 0; i < data.length; i += 3) data.set(background, i);
  rows.forEach((row, rowIndex) => {
    row.forEach((image, column) => {
      if (image.width !== first.width || image.height !== first.height) {
        throw expected(`${first.width} × ${first.height}`, 'size of an image', `${image.width} × ${image.height}`);
      }
      const left = gap + column * (first.width + gap);
      const top = gap + rowIndex * (first.height + gap);
      for (let y = 0; y < image.height; y++) {
        const line = image.data.subarray(y * image.width * 3, (y + 1) * image.width * 3);
        data.set(line, ((top + y) * width + left) * 3);
      }
    });
  });
  return { width, height, data };
}
