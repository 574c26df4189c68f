import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { pathToFileURL } from 'node:url';
import { temporaryFolder } from '@motion-enhancer/support/testing';
import { probeVideo } from './probe-video.js';
import { readFrames } from './read-frames.js';
import { CASES } from './test-videos.js';

interface Read {
  frames: number;
  width: number;
  height: number;
  first: number;
  last: number;
  mean_rgb?: [number, number, number];
}

const { files } = JSON.parse(readFileSync(join(CASES, 'pyav.json'), 'utf8')) as { files: Record<string, Read> };
const scratch = temporaryFolder();

describe('videos of bug reports are read as PyAV reads its best stream', () => {
  for (const [name, pyav] of Object.entries(files)) {
    it(name, async () => {
      const info = await probeVideo(join(CASES, name));
      assert.equal(info.verdict, 'ok', info.reason ?? '');
      assert.deepEqual([info.decodedFrames, info.width, info.height], [pyav.frames, pyav.width, pyav.height]);
      assert.ok(
        Math.abs(info.timestamps[0]! - pyav.first) < 1e-6 && Math.abs(info.timestamps.at(-1)! - pyav.last) < 1e-6,
      );
      if (!pyav.mean_rgb) return;
      const { data } = await readFrames(info.path, { info, choose: () => [0] });
      for (const channel of [0, 1, 2]) {
        let sum = 0;
        for (let i = channel; i < data.length; i += 3) sum += data[i]!;
        const mean = sum / (data.length / 3);
        assert.ok(Math.abs(mean - pyav.mean_rgb[channel]!) < 0.01, `channel ${channel}: ${mean}, ${pyav.mean_rgb}`);
      }
    });
  }

  for (const name of Object.keys(files).filter(
    (file) => /^(hdr-colours|interlaced)/.test(file) && files[file]!.mean_rgb,
  ))
    it(`${name}: every pixel`, async () => {
      const { data } = await readFrames(join(CASES, name), { choose: () => [0] });
      const golden = readFileSync(join(CASES, `${name}.rgb`));
      assert.equal(data.length, golden.length);
      const off = data.reduce((sum, value, i) => sum + Math.abs(value - golden[i]!), 0) / data.length;
      assert.ok(off < 0.3, `mean error ${off} of 255`);
    });
});

describe('what of a video is not used', () => {
  it('is said of tags for HDR and wide gamuts, and of further streams', async () => {
    const notes = async (name: string) => (await probeVideo(join(CASES, name))).notes?.join('; ') ?? '';
    assert.match(await notes('hdr-colours/pq.mp4'), /PQ .*without tone mapping.*BT\.2020/);
    assert.match(await notes('hdr-colours/made_hlg10.mkv'), /HLG/);
    assert.match(await notes('hdr-colours/made_p3.mkv'), /Display P3/);
    assert.match(await notes('two-video-streams/two.mp4'), /of its 2 video streams the best one \(number 1\)/);
    assert.equal(await notes('cover-first/cover.mkv'), '');
    assert.equal(await notes('hdr-colours/made_bt709_full.mkv'), '');
  });

  it('a matrix that libswscale does not know is refused by name, not as an internal error', async () => {
    await assert.rejects(readFrames(join(CASES, 'hdr-colours/made_ycgco.mkv')), {
      name: 'UserError',
      code: 'ERR_VIDEO',
      message: /made_ycgco\.mkv.*cannot be decoded.*Convert it/,
    });
  });
});

describe('paths of videos', () => {
  it('may be file:// URLs', async () => {
    const url = pathToFileURL(join(CASES, 'a.mp4')).href;
    assert.equal((await probeVideo(url)).decodedFrames, 20);
    assert.equal((await readFrames(url, { choose: () => [3] })).indices[0], 3);
  });

  it('must be of regular files: nothing waits for a pipe or reads a device without end', {
    timeout: 20_000,
  }, async () => {
    const pipe = join(scratch, 'pipe.mp4');
    execFileSync('mkfifo', [pipe]);
    for (const path of [pipe, '/dev/zero'])
      await assert.rejects(probeVideo(path), { code: 'ERR_VIDEO', message: /is not a regular file/ });
    await assert.rejects(probeVideo(scratch), { code: 'ERR_VIDEO', message: /is a directory/ });
    await assert.rejects(probeVideo('https://example.org/a.mp4'), { code: 'ERR_VIDEO', message: /nothing is fetched/ });
  });
});

describe('frames that are resized as they are decoded', () => {
  it('4gb-frames/uhd180.mp4: memory does not grow with the size of its frames', async () => {
    const path = join(CASES, '4gb-frames/uhd180.mp4');
    const before = process.resourceUsage().maxRSS;
    const fit = () => ({ width: 32, height: 24, resize: () => new Uint8Array(32 * 24 * 3).fill(7) });
    const { data, width, height } = await readFrames(path, {
      choose: () => Array.from({ length: 40 }, (_, i) => i),
      fit,
    });
    assert.deepEqual([width, height, data.length, data.at(-1)], [32, 24, 40 * 32 * 24 * 3, 7]);
    const grown = (process.resourceUsage().maxRSS - before) / 1024;
    assert.ok(grown < 600, `${grown} MiB for 40 frames, which have 950 MiB`);
  });

  it('have what the resize of the whole frames gives, and memory for no whole ones', async () => {
    const path = join(CASES, 'a.mp4');
    const whole = await readFrames(path, { choose: () => [2, 0, 2] });
    const half = (rgb: Uint8Array) => {
      const out = new Uint8Array(32 * 24 * 3);
      for (let i = 0; i < out.length; i++) {
        const [y, x, c] = [Math.floor(i / 96), Math.floor((i % 96) / 3), i % 3];
        out[i] = rgb[(2 * y * 64 + 2 * x) * 3 + c]!;
      }
      return out;
    };
    const sizes: unknown[] = [];
    const small = await readFrames(path, {
      choose: () => [2, 0, 2],
      fit: ({ width, height }, chosen) => {
        sizes.push([width, height, chosen]);
        return { width: 32, height: 24, resize: half };
      },
    });
    assert.deepEqual([sizes, small.width, small.height, small.info.width], [[[64, 48, 3]], 32, 24, 64]);
    const frame = 64 * 48 * 3;
    for (const place of [0, 1, 2])
      assert.deepEqual(
        small.data.subarray(place * 2304, (place + 1) * 2304),
        half(whole.data.subarray(place * frame, (place + 1) * frame)),
      );
  });
});
