import assert from 'node:assert/strict';
import { aten, scope } from '@motion-enhancer/libtorch';
import { leakFree } from '@motion-enhancer/libtorch/testing';
import { fixture } from '@motion-enhancer/support/testing';
import { clipOfFrames, framesTensor } from '../clip.js';
import { readFrames } from '../video/index.js';
import { boundedFit, pageSize } from './bounded-fit.js';

const path = fixture('videos/torchcodec_h265_video.mp4');
const read = (fit: ReturnType<typeof boundedFit>) => readFrames(path, { choose: () => [0, 3, 3, 9], fit });

leakFree('a clip of frames that were resized as they were decoded is that of the whole frames', async () => {
  const size = { height: 48, width: 80 };
  const [whole, small] = [await read(boundedFit(() => size)), await read(boundedFit(() => size, 0))];
  assert.deepEqual([whole.width, whole.height, small.width, small.height], [128, 128, 80, 48]);
  assert.ok(
    scope(() => {
      const [a, b] = [whole, small].map((frames) => clipOfFrames(framesTensor(frames), size.height, size.width));
      return aten.equal(a!, b!);
    }),
  );
});

leakFree('frames are never made larger; those of pages keep their shape', async () => {
  const larger = await read(boundedFit(() => ({ height: 256, width: 256 }), 0));
  assert.deepEqual([larger.width, larger.height], [128, 128]);
  assert.deepEqual(pageSize({ width: 3840, height: 2160 }), { width: 1280, height: 720 });
  assert.deepEqual(pageSize({ width: 320, height: 180 }), { width: 320, height: 180 });
});
