import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { describe, it } from 'node:test';
import { encode } from 'fast-png';
import { decodePng, encodePng } from './png.js';

describe('encodePng and decodePng', () => {
  for (const channels of [3, 4] as const) {
    it(`give back every byte of an image with ${channels} channels`, () => {
      const [width, height] = [7, 5];
      const data = new Uint8Array(randomBytes(width * height * channels));
      const bytes = encodePng({ width, height, data });
      assert.deepEqual(
        [...bytes.subarray(1, 4)],
        [...'PNG'].map((letter) => letter.charCodeAt(0)),
      );
      assert.deepEqual(decodePng(bytes), { width, height, channels, data });
    });
  }

  it('decodes grey, with alpha and without, to RGB and RGBA', () => {
    const grey = encode({ width: 2, height: 1, data: new Uint8Array([9, 200]), channels: 1, depth: 8 });
    assert.deepEqual([...decodePng(grey).data], [9, 9, 9, 200, 200, 200]);
    const withAlpha = encode({ width: 2, height: 1, data: new Uint8Array([9, 1, 200, 2]), channels: 2, depth: 8 });
    assert.deepEqual([...decodePng(withAlpha).data], [9, 9, 9, 1, 200, 200, 200, 2]);
  });

  it('keeps the upper half of 16-bit samples', () => {
    const data = new Uint16Array([0x1234, 0xffff, 0x00ff]);
    assert.deepEqual(
      [...decodePng(encode({ width: 1, height: 1, data, channels: 3, depth: 16 })).data],
      [0x12, 0xff, 0],
    );
  });

  it('resolves palettes and packed grey, as other tools write them', () => {
    // Both written by Pillow 13: 3×1 pixels, mode P (red, green, blue) and mode 1 (white, black, white).
    const palette =
      'iVBORw0KGgoAAAANSUhEUgAAAAMAAAABAgMAAABmjvwnAAAACVBMVEX/AAAA/wAAAP8tSs2KAAAACklEQVR4nGOQAAAAGgAZLYj0NgAAAABJRU5ErkJggg==';
    const bits = 'iVBORw0KGgoAAAANSUhEUgAAAAMAAAABAQAAAAAzmykZAAAACklEQVR4nGNYAAAAogCh3I2xzAAAAABJRU5ErkJggg==';
    const rgb = (text: string) => [...decodePng(new Uint8Array(Buffer.from(text, 'base64'))).data];
    assert.deepEqual(rgb(palette), [255, 0, 0, 0, 255, 0, 0, 0, 255]);
    assert.deepEqual(rgb(bits), [255, 255, 255, 0, 0, 0, 255, 255, 255]);
  });

  it('refuses a length that fits neither RGB nor RGBA, and bytes that are no PNG', () => {
    assert.throws(() => encodePng({ width: 2, height: 2, data: new Uint8Array(8) }), {
      name: 'UserError',
      message: /^Expected 12 or 16 bytes for data of the image but received 8\./,
    });
    const bytes = encodePng({ width: 4, height: 4, data: new Uint8Array(48).fill(77) });
    const damaged = bytes.slice(0, bytes.length - 20);
    for (const wrong of [new Uint8Array([1, 2, 3]), damaged]) {
      assert.throws(() => decodePng(wrong), { name: 'UserError', code: 'ERR_PNG' });
    }
  });
});
