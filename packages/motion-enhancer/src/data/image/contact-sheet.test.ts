import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { contactSheet } from './contact-sheet.js';
import type { RgbImage } from './rgb-image.js';

const plain = (shade: number, width = 3, height = 2): RgbImage => ({
  width,
  height,
  data: new Uint8Array(width * height * 3).fill(shade),
});
const shadeAt = ({ width, data }: RgbImage, x: number, y: number) => data[(y * width + x) * 3];

describe('contactSheet', () => {
  it('sets each image in its place, gaps and short rows in background', () => {
    const sheet = contactSheet([[plain(10), plain(20)], [plain(30)]], { gap: 1, background: [7, 7, 7] });
    assert.deepEqual([sheet.width, sheet.height], [2 * 3 + 3, 2 * 2 + 3]);
    const seen = Array.from({ length: sheet.height }, (_, y) =>
      Array.from({ length: sheet.width }, (_, x) => shadeAt(sheet, x, y)),
    );
    assert.deepEqual(seen, [
      [7, 7, 7, 7, 7, 7, 7, 7, 7],
      [7, 10, 10, 10, 7, 20, 20, 20, 7],
      [7, 10, 10, 10, 7, 20, 20, 20, 7],
      [7, 7, 7, 7, 7, 7, 7, 7, 7],
      [7, 30, 30, 30, 7, 7, 7, 7, 7],
      [7, 30, 30, 30, 7, 7, 7, 7, 7],
      [7, 7, 7, 7, 7, 7, 7, 7, 7],
    ]);
  });

  it('without gaps is the images themselves', () => {
    const image = { width: 2, height: 2, data: Uint8Array.from({ length: 12 }, (_, i) => i) };
    assert.deepEqual(contactSheet([[image]], { gap: 0 }), image);
  });

  it('refuses no image and unequal sizes', () => {
    assert.throws(() => contactSheet([[]]), /Expected at least one image for rows of a contact sheet/);
    assert.throws(
      () => contactSheet([[plain(1), plain(2, 4)]]),
      /Expected 3 × 2 for size of an image but received "4 × 2"/,
    );
  });
});
