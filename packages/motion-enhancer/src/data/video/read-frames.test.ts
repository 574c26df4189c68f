import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { probeVideo } from './probe-video.js';
import { readFrames, type VideoFrames } from './read-frames.js';
import { testVideos, VIDEO_FIXTURES } from './test-videos.js';

const scratch = mkdtempSync(join(tmpdir(), 'read-frames-'));
after(() => rmSync(scratch, { recursive: true }));
const fixture = (name: string) => join(VIDEO_FIXTURES, name);

/** RGB bytes of one of the chosen frames. */
function frameAt({ data, width, height }: VideoFrames, place: number): Uint8Array {
  return data.subarray(place * width * height * 3, (place + 1) * width * height * 3);
}

function meanRgb(rgb: Uint8Array): number[] {
  const sums = [0, 0, 0];
  for (let i = 0; i < rgb.length; i++) sums[i % 3]! += rgb[i]!;
  return sums.map((sum) => sum / (rgb.length / 3));
}

describe('readFrames gives the pixels that PyAV gives', () => {
  for (const { name, path, entry } of testVideos()) {
    const means = Object.entries(entry.mean_rgb ?? {});
    if (means.length === 0) continue;
    it(name, async () => {
      const indices = means.map(([index]) => Number(index));
      const frames = await readFrames(path, { choose: () => indices, onBroken: 'use' });
      assert.equal(frames.data.length, indices.length * frames.width * frames.height * 3);
      means.forEach(([index, expectedMean], place) => {
        meanRgb(frameAt(frames, place)).forEach((mean, channel) => {
          const off = Math.abs(mean - expectedMean[channel]!);
          assert.ok(off < 0.02, `frame ${index}, channel ${channel}: ${mean} is not ${expectedMean[channel]}`);
        });
      });
      for (const [index, hash] of Object.entries(entry.rgb24_sha256 ?? {})) {
        const rgb = frameAt(frames, indices.indexOf(Number(index)));
        assert.equal(createHash('sha256').update(rgb).digest('hex'), hash, `frame ${index}`);
      }
    });
  }
});

describe('readFrames', () => {
  it('hands the chooser what it needs and gives frames in the order asked for, repeats included', async () => {
    const path = fixture('made_vfr.mkv');
    const info = await probeVideo(path);
    const all = await readFrames(path);
    assert.deepEqual(all.indices, [...info.timestamps.keys()]);
    const chosen = await readFrames(path, {
      choose: (video) => {
        const { timestamps, fps, duration } = info;
        assert.deepEqual(video, { count: 12, timestamps, fps, duration, width: 96, height: 64 });
        return [7, 0, 7, 3];
      },
    });
    assert.deepEqual(chosen.indices, [7, 0, 7, 3]);
    assert.deepEqual(
      chosen.timestamps,
      [7, 0, 7, 3].map((index) => info.timestamps[index]),
    );
    for (const [place, index] of chosen.indices.entries())
      assert.deepEqual(frameAt(chosen, place), frameAt(all, index));
  });

  it('reads the same pixels with any number of threads, and in one pass where the file was probed', async () => {
    const path = fixture('made_hevc_10bit.mp4');
    const whole = await readFrames(path);
    assert.deepEqual((await readFrames(path, { threads: 1 })).data, whole.data);
    assert.deepEqual((await readFrames(path, { info: await probeVideo(path), threads: 3 })).data, whole.data);
  });

  it('turns a video filmed upright', async () => {
    const { width, height, data } = await readFrames(fixture('decord_video_90.mov'), { choose: () => [0] });
    assert.deepEqual([width, height, data.length], [320, 568, 320 * 568 * 3]);
  });

  it('fails on a broken file, uses it or skips it, as told', async () => {
    const path = fixture('decord_corrupted.mp4');
    await assert.rejects(readFrames(path), {
      name: 'UserError',
      code: 'ERR_VIDEO',
      message:
        /^Expected a video for ".*decord_corrupted\.mp4" but it is corrupt: .* Fetch it again, or leave it out; /,
    });
    const used = await readFrames(path, { onBroken: 'use', choose: ({ count }) => [count - 1] });
    assert.deepEqual([used.info.verdict, used.indices], ['corrupt', [27]]);
    assert.equal(await readFrames(path, { onBroken: 'skip' }), null);
    assert.ok(await readFrames(fixture('made_vfr.mkv'), { onBroken: 'skip' }));
  });

  it('refuses what holds no video under every policy but skip', async () => {
    const text = join(scratch, 'text.txt');
    const empty = join(scratch, 'empty.mp4');
    writeFileSync(text, 'words\n'.repeat(1000));
    writeFileSync(empty, '');
    for (const path of [text, empty, fixture('made_audio_only.m4a'), fixture('libwebm_invalid_vp9_1416.webm')]) {
      for (const onBroken of ['fail', 'use'] as const) {
        await assert.rejects(readFrames(path, { onBroken }), (error: Error & { code?: string }) => {
          assert.deepEqual([error.name, error.code], ['UserError', 'ERR_VIDEO']);
          assert.ok(error.message.includes(path) && error.message.includes('Give a video file'), error.message);
          return true;
        });
      }
      assert.equal(await readFrames(path, { onBroken: 'skip' }), null);
    }
    for (const path of [scratch, join(scratch, 'missing.mp4')]) {
      await assert.rejects(readFrames(path, { onBroken: 'skip' }), { code: 'ERR_VIDEO' });
    }
  });

  it('names an index outside of the video', async () => {
    for (const index of [12, -1, 0.5]) {
      await assert.rejects(readFrames(fixture('made_vfr.mkv'), { choose: () => [index] }), {
        name: 'UserError',
        message: new RegExp(`Expected frame indices from 0 to 11 for choose of .* but received ${index}`),
      });
    }
  });

  it('reads a name with a colon, a space and a percent sign', async () => {
    const odd = join(scratch, 'http: 100%d #1.mkv');
    writeFileSync(odd, readFileSync(fixture('made_vfr.mkv')));
    assert.equal((await readFrames(odd, { choose: () => [0] })).info.decodedFrames, 12);
  });
});
