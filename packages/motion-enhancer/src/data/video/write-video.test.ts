import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { UserError } from '@motion-enhancer/support';
import { freshSeed, randomSource, temporaryFolder } from '@motion-enhancer/support/testing';
import { readFrames } from './read-frames.js';
import { writeVideo } from './write-video.js';

const seed = freshSeed();

test(`what was written is read back bit for bit, with its times (TEST_SEED=${seed})`, async () => {
  const random = randomSource(seed);
  const [count, width, height] = [3 + random.below(5), 17 + random.below(30), 16 + random.below(30)];
  const frames = Uint8Array.from({ length: count * width * height * 3 }, () => random.below(256));
  const dir = temporaryFolder();
  const path = join(dir, 'noise.mov');
  await writeVideo(path, { frames, count, width, height }, 8);
  const read = await readFrames(path);
  assert.deepEqual([read.width, read.height, read.info.fps, read.info.verdict], [width, height, 8, 'ok']);
  assert.deepEqual(
    read.timestamps,
    Array.from({ length: count }, (_, t) => t / 8),
  );
  assert.deepEqual(Buffer.from(read.data), Buffer.from(frames));
  assert.deepEqual(readdirSync(dir), ['noise.mov']);
});

test('a folder that is not there is named', async () => {
  const path = join(temporaryFolder(), 'none', 'a.mov');
  await assert.rejects(
    writeVideo(path, { frames: new Uint8Array(48 * 48 * 3), count: 1, width: 48, height: 48 }, 8),
    (error) => error instanceof UserError && error.message.includes(path),
  );
});
