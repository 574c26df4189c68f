import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { fixture, temporaryFolder } from '@motion-enhancer/support/testing';
import { asSource, hashSource, readSource } from './video-source.js';

const all = (count: number) => Array.from({ length: count }, (_, i) => i);

test('a part of a video is counted from its first frame, whatever its clock says there', async () => {
  const path = fixture('cases/clocks/wraps.mpegts'); // a frame a second, the first at 95,374 s
  const { indices, timestamps } = await readSource({ path, start: 3, end: 5 }, all, 'fail');
  assert.deepEqual(
    [indices, timestamps],
    [
      [3, 4, 5],
      [95_377, 95_378, 95_379],
    ],
  );
  const below = fixture('cases/clocks/below_zero.mpegts'); // ten frames a second, the first at −0.518 s
  assert.deepEqual((await readSource({ path: below, start: 0.2, end: 0.4 }, all, 'fail')).indices, [2, 3, 4]);
  await assert.rejects(readSource({ path, start: 80, end: 90 }, all, 'fail'), {
    code: 'ERR_VIDEO',
    message: /its frames are from 0 to 74 s/,
  });
});

test('a folder is its pictures, a file:// URL its file', async () => {
  const folder = fixture('cases/frames-folder/one');
  const paths = readdirSync(folder).map((name) => join(folder, name));
  assert.deepEqual(asSource(folder), { paths });
  assert.deepEqual(await hashSource(asSource(folder)), await hashSource({ paths }));
  const without = fixture('cases/clocks');
  await assert.rejects(readSource(asSource(without), all, 'fail'), { code: 'ERR_VIDEO', message: /is a directory/ });
  const path = fixture('cases/a.mp4');
  assert.deepEqual(asSource(pathToFileURL(path).href), { path });
});

test('hashing waits for no pipe', { timeout: 20_000 }, () => {
  const pipe = join(temporaryFolder(), 'pipe.mp4');
  execFileSync('mkfifo', [pipe]);
  for (const source of [{ path: pipe }, { paths: [pipe] }, { path: '/dev/zero' }])
    assert.throws(() => hashSource(source), { code: 'ERR_VIDEO', message: /is not a regular file/ });
});
