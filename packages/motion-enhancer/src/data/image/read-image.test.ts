import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { fixture, temporaryFolder } from '@motion-enhancer/support/testing';
import { decodePng } from './png.js';
import { readImage } from './read-image.js';

const names = Object.keys(JSON.parse(readFileSync(fixture('images/manifest.json'), 'utf8')) as object);
/** Levels that two decoders of a lossy coding may differ by: on average, at most. */
const LOSSY: Record<string, readonly [number, number]> = {
  'made_444.jpg': [0.7, 3],
  'made_turned.jpg': [0.7, 3],
  'made_grey.jpg': [0.1, 1],
  'made_420.jpg': [3, 30],
  'made_lossy.webp': [3, 30],
};

for (const name of names)
  test(`${name}: what Pillow decodes`, async () => {
    const { width, height, data } = await readImage(fixture(`images/${name}`));
    const wanted = decodePng(readFileSync(fixture(`images/pillow_${name.replace('.', '_')}.png`)));
    assert.deepEqual([width, height, data.length], [wanted.width, wanted.height, wanted.data.length]);
    let sum = 0;
    let most = 0;
    data.forEach((level, i) => {
      const off = Math.abs(level - wanted.data[i]!);
      sum += off;
      most = Math.max(most, off);
    });
    const [average, worst] = LOSSY[name] ?? [0.01, 1];
    assert.ok(sum / data.length <= average && most <= worst, `${sum / data.length} on average, ${most} at most`);
  });

test('what is no image is reported, with the file', async () => {
  const dir = temporaryFolder();
  const file = (name: string, content: string | Uint8Array) => {
    writeFileSync(join(dir, name), content);
    return join(dir, name);
  };
  const jpeg = readFileSync(fixture('images/made_444.jpg'));
  const refused = (path: string, message: RegExp) =>
    assert.rejects(readImage(path), { name: 'UserError', code: 'ERR_IMAGE', message });
  await refused(join(dir, 'none.jpg'), /none\.jpg" but there is no such file/);
  await refused(dir, /it is a directory/);
  await refused(file('empty.png', ''), /empty\.png" but it is empty/);
  await refused(file('text.jpg', 'not an image'), /its first bytes are those of no image.* videos go to --video/);
  await refused(file('short.jpg', jpeg.subarray(0, 300)), /short\.jpg" but it is a damaged jpeg/);
  await refused(file('short.webp', readFileSync(fixture('images/made_lossless.webp')).subarray(0, 60)), /damaged webp/);
  await refused(file('short.png', readFileSync(fixture('images/made_alpha.png')).subarray(0, 90)), /damaged png/);
});
