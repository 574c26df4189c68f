import assert from 'node:assert/strict';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { readFrames } from './read-frames.js';
import { VIDEO_FIXTURES } from './test-videos.js';

const WINDOWS = 5;
const READS_PER_WINDOW = 50;
/** 20 kB a read: the smallest leak tried, an unclosed container, costs 80. */
const ALLOWED_BYTES = READS_PER_WINDOW * 20_000;

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

/** Resident bytes that `work` adds in its quietest window: a leak grows in every one, an allocator's pool does not. */
async function growth(work: () => Promise<unknown>): Promise<number> {
  let least = Number.POSITIVE_INFINITY;
  let before = Number.NaN;
  for (let window = 0; window < WINDOWS; window++) {
    for (let read = 0; read < READS_PER_WINDOW; read++) await work();
    collect();
    const after = process.memoryUsage().rss;
    if (window > 0) least = Math.min(least, after - before);
    before = after;
  }
  return least;
}

describe('reading leaks nothing', () => {
  const path = (name: string) => join(VIDEO_FIXTURES, name);
  it('when it succeeds', async () => {
    const grown = await growth(() => readFrames(path('torchcodec_h265_video.mp4'), { choose: () => [0, 5, 9] }));
    assert.ok(grown < ALLOWED_BYTES, `${(grown / 2 ** 20).toFixed(1)} MB more after every ${READS_PER_WINDOW} reads`);
  });

  it('when it fails: no video in it, nothing decodes, a bad index', async () => {
    const file = path('torchcodec_h265_video.mp4');
    const grown = await growth(async () => {
      await assert.rejects(readFrames(path('made_audio_only.m4a')));
      await assert.rejects(readFrames(path('libwebm_invalid_vp9_1416.webm')));
      await assert.rejects(readFrames(file, { choose: () => [99] }));
    });
    assert.ok(
      grown < ALLOWED_BYTES,
      `${(grown / 2 ** 20).toFixed(1)} MB more after every ${READS_PER_WINDOW} failures`,
    );
  });
});
