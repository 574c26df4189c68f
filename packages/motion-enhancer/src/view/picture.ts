import type { RgbImage } from '../data/image/index.js';
import { characters, GLYPH, glyph } from './bitmap-font.js';

export type Rgb = readonly [number, number, number];

/** Colours of the pictures: light on dark, so that heat glows. */
export const INK = {
  background: [22, 22, 26],
  text: [232, 232, 236],
  faint: [150, 150, 160],
  line: [62, 62, 70],
  accent: [249, 142, 9],
  warning: [255, 120, 90],
} as const satisfies Record<string, Rgb>;

/** A picture of one colour. */
export function picture(width: number, height: number, colour: Rgb = INK.background): RgbImage {
  const image = { width, height, data: new Uint8Array(width * height * 3) };
  fillRectangle(image, { left: 0, top: 0, width, height }, colour);
  return image;
}

/** Pixels of a picture. */
export interface Rectangle {
  left: number;
  top: number;
  width: number;
  height: number;
}

/** Fills a rectangle; what lies outside of the picture is left out. */
export function fillRectangle(image: RgbImage, { left, top, width, height }: Rectangle, colour: Rgb): void {
  const x0 = Math.max(0, Math.round(left));
  const x1 = Math.min(image.width, Math.round(left + width));
  const y1 = Math.min(image.height, Math.round(top + height));
  for (let y = Math.max(0, Math.round(top)); y < y1; y++) {
    for (let x = x0; x < x1; x++) image.data.set(colour, (y * image.width + x) * 3);
  }
}

/** Copies `source` into `target` with its upper left corner at (left, top); it must fit. */
export function paste(target: RgbImage, source: RgbImage, left: number, top: number): void {
  for (let y = 0; y < source.height; y++) {
    const line = source.data.subarray(y * source.width * 3, (y + 1) * source.width * 3);
    target.data.set(line, ((top + y) * target.width + left) * 3);
  }
}

/** Width of a text in pixels. */
export const textWidth = (text: string, scale = 1): number =>
  Math.max(0, characters(text).length * GLYPH.advance - 1) * scale;

/** Draws one line of text with its upper left corner at `corner`, each font pixel `scale` × `scale`. */
export function drawText(
  image: RgbImage,
  text: string,
  corner: { x: number; y: number },
  colour: Rgb = INK.text,
  scale = 1,
): void {
  characters(text).forEach((character, place) => {
    const x = corner.x + place * GLYPH.advance * scale;
    const { rows, drop } = glyph(character);
    rows.forEach((bits, row) => {
      for (let column = 0; column < GLYPH.width; column++) {
        if (bits & (1 << (GLYPH.width - 1 - column))) {
          fillRectangle(
            image,
            { left: x + column * scale, top: corner.y + (row + drop) * scale, width: scale, height: scale },
            colour,
          );
        }
      }
    });
  });
}

/** The text, cut with `..` where it is wider than `width` pixels. */
export function fitText(text: string, width: number, scale = 1): string {
  const all = characters(text);
  const max = Math.max(1, Math.floor((width / scale + 1) / GLYPH.advance));
  return all.length <= max ? text : `${all.slice(0, Math.max(1, max - 2)).join('')}..`;
}
