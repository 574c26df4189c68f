import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { fixture, temporaryFolder } from '@motion-enhancer/support/testing';
import { decodePng } from './png.js';
import { readImage } from './read-image.js';

const folder = fixture('cases/images');
const names = readdirSync(folder).filter((name) => !/^ref_|^trunc/.test(name));

for (const name of names)
  test(`${name}: what Pillow shows, upright and over white`, async () => {
    const { width, height, data } = await readImage(join(folder, name));
    const wanted = decodePng(
      readFileSync(join(folder, `ref_${name === 'x_jpg.tiff' ? 'x_jpg' : name.replace('.', '_')}.png`)),
    );
    assert.deepEqual([width, height, data.length], [wanted.width, wanted.height, wanted.data.length]);
    const off = data.map((level, i) => Math.abs(level - wanted.data[i]!));
    const average = off.reduce((sum, value) => sum + value, 0) / off.length;
    // Only JPEG may be decoded in more than one way.
    assert.ok(average <= (/jpe?g/.test(name) ? 1.5 : 0.01), `${average} on average, ${Math.max(...off)} at most`);
  });

test('a JPEG that is cut, wherever, is refused; bytes after its end do not matter', async () => {
  const dir = temporaryFolder();
  const file = (name: string, bytes: Uint8Array) => {
    writeFileSync(join(dir, name), bytes);
    return join(dir, name);
  };
  const refused = { name: 'UserError', code: 'ERR_IMAGE', message: /damaged jpeg/ };
  await assert.rejects(readImage(join(folder, 'trunc.jpg')), refused);
  for (const name of ['made_444.jpg', 'made_420.jpg', 'made_turned.jpg']) {
    const whole = readFileSync(fixture(`images/${name}`));
    for (const share of [0.3, 0.6, 0.9, 0.99, 1]) {
      const length = Math.min(whole.length - 1, Math.floor(whole.length * share));
      await assert.rejects(readImage(file('cut.jpg', whole.subarray(0, length))), refused, `${name} cut to ${length}`);
    }
    await readImage(file('more.jpg', Buffer.concat([whole, Buffer.from('more')])));
  }
});

test('images are regular files, whose path may be a file:// URL', { timeout: 20_000 }, async () => {
  const dir = temporaryFolder();
  execFileSync('mkfifo', [join(dir, 'pipe.png')]);
  for (const path of [join(dir, 'pipe.png'), '/dev/zero'])
    await assert.rejects(readImage(path), { code: 'ERR_IMAGE', message: /it is not a regular file/ });
  assert.equal((await readImage(pathToFileURL(fixture('images/made_444.jpg')).href)).width, 50);
});
