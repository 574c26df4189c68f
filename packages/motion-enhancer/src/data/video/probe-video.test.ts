import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { extname, join } from 'node:path';
import { after, describe, it } from 'node:test';
import { freshSeed, randomSource } from '@motion-enhancer/support/testing';
import { probeVideo } from './probe-video.js';
import { fraction, testVideos, VIDEO_FIXTURES } from './test-videos.js';

const RANDOM = randomSource(freshSeed());

const scratch = mkdtempSync(join(tmpdir(), 'probe-video-'));
after(() => rmSync(scratch, { recursive: true }));

/** PyAV names the decoder, we name the coding. */
const CODECS: Record<string, string> = { libdav1d: 'av1' };

describe('probeVideo finds what PyAV found', () => {
  for (const { name, path, entry } of testVideos()) {
    it(name, async () => {
      const info = await probeVideo(path);
      assert.equal(info.path, path);
      if (entry.open_error) return assert.equal(info.verdict, 'unreadable');
      assert.equal(info.decodedFrames, entry.decoded_frames);
      assert.equal(info.timestamps.length, entry.decoded_frames);
      assert.equal(info.codec, CODECS[entry.codec] ?? entry.codec);
      assert.deepEqual([info.storedWidth, info.storedHeight], [entry.width, entry.height]);
      assert.equal(info.rotation, entry.rotation ?? 0);
      assert.equal(info.headerFrames, entry.header_frames || null);
      if (entry.average_rate !== 'None') assert.ok(Math.abs(info.fps - fraction(entry.average_rate)) < 1e-9);
      const tick = fraction(entry.time_base);
      const { pts_first: first = [], pts_last: last = [], pts = [] } = entry;
      const stamps = (count: number) => info.timestamps.slice(count).map((time) => Math.round(time / tick));
      if (first.length > 0) assert.deepEqual(stamps(0).slice(0, first.length), first);
      if (last.length > 0) assert.deepEqual(stamps(-last.length), last);
      if (pts.length > 0) assert.deepEqual(stamps(0), pts);
      if (entry.decoded_frames === 0) assert.equal(info.verdict, 'unreadable');
      else if (entry.decode_error) assert.match(info.verdict, /^(truncated|corrupt)$/);
      else assert.equal(info.verdict, 'ok', info.reason ?? '');
      assert.equal(info.reason === null, info.verdict === 'ok');
    });
  }
});

describe('probeVideo', () => {
  it('gives the shown size and the stored one of a video filmed upright', async () => {
    const info = await probeVideo(join(VIDEO_FIXTURES, 'decord_video_90.mov'));
    assert.deepEqual([info.width, info.height], [320, 568]);
    assert.deepEqual([info.storedWidth, info.storedHeight, info.rotation], [568, 320, -90]);
  });

  it('keeps the uneven times of a variable rate', async () => {
    const { timestamps } = await probeVideo(join(VIDEO_FIXTURES, 'made_vfr.mkv'));
    const steps = new Set(timestamps.slice(1).map((time, i) => Math.round((time - timestamps[i]!) * 1000)));
    assert.ok(steps.size >= 3, [...steps].join(' '));
  });

  it('tells a truncated file from a corrupt one', async () => {
    const corrupt = await probeVideo(join(VIDEO_FIXTURES, 'decord_corrupted.mp4'));
    assert.equal(corrupt.verdict, 'corrupt');
    assert.match(corrupt.reason ?? '', /after 28 of 50 frames/);
    const whole = readFileSync(join(VIDEO_FIXTURES, 'torchcodec_av1_video.mkv'));
    const half = join(scratch, 'half.mkv');
    writeFileSync(half, whole.subarray(0, whole.length / 2));
    const cut = await probeVideo(half);
    assert.equal(cut.verdict, 'truncated');
    assert.ok(cut.decodedFrames > 0 && cut.decodedFrames < 125);
  });

  it('never calls a file whole that lost frames, wherever it is cut', async () => {
    for (const name of [
      ...['made_vfr.mkv', 'made_odd_35x27.mkv', 'moviepy_no_duration.webm', 'hfdatasets_66x50.mov'],
      ...['avi-skipped-frames/skip_mpeg4.avi', 'not-coded/not_coded.mp4'].map((file) => `../cases/${file}`),
    ]) {
      const path = join(VIDEO_FIXTURES, name);
      const bytes = readFileSync(path);
      const { decodedFrames } = await probeVideo(path);
      for (let trial = 0; trial < 5; trial++) {
        const length = Math.floor(bytes.length * (0.3 + 0.7 * RANDOM.next()));
        const cut = join(scratch, `cut${extname(name)}`);
        writeFileSync(cut, bytes.subarray(0, length));
        const info = await probeVideo(cut);
        const whole = info.verdict !== 'ok' || info.decodedFrames === decodedFrames;
        assert.ok(whole, `${name} cut to ${length} bytes: ok with ${info.decodedFrames} of ${decodedFrames} frames`);
      }
    }
  });

  it('calls text, nothing, sound alone and a video without its index unreadable', async () => {
    const make = (name: string, bytes: string | Uint8Array) => {
      writeFileSync(join(scratch, name), bytes);
      return join(scratch, name);
    };
    const nasa = readFileSync(join(VIDEO_FIXTURES, 'torchcodec_nasa_13013.mp4'));
    const files: [string, RegExp][] = [
      [make('notes.txt', 'no video here\n'.repeat(500)), /not a video file/],
      [make('notes.mp4', 'no video here\n'.repeat(500)), /not a video file/],
      [
        make('playlist.m3u8', `#EXTM3U\n#EXTINF:1,\n${join(VIDEO_FIXTURES, 'decord_video_0.mov')}\n`),
        /not a video file/,
      ],
      [make('empty.mp4', ''), /not a video file/],
      [make('no-index.mp4', nasa.subarray(0, 200_000)), /index is missing/],
      [join(VIDEO_FIXTURES, 'made_audio_only.m4a'), /no video stream/],
    ];
    for (const [path, reason] of files) {
      const info = await probeVideo(path);
      assert.equal(info.verdict, 'unreadable', path);
      assert.match(info.reason ?? '', reason, path);
      assert.equal(info.decodedFrames, 0);
    }
  });

  it('throws, naming the path, where there is no file to look at', async () => {
    const missing = join(scratch, 'missing.mp4');
    await assert.rejects(probeVideo(missing), {
      name: 'UserError',
      code: 'ERR_VIDEO',
      message: `Expected a video for ${JSON.stringify(missing)} but there is no such file. Check the path and its permissions.`,
    });
    await assert.rejects(probeVideo(scratch), {
      code: 'ERR_VIDEO',
      message: /is a directory\. Give the path of one file/,
    });
  });
});
