import assert from 'node:assert/strict';
import { aten, cuda, rand, type Tensor, tensor } from '@motion-enhancer/libtorch';
import { closeTo, tensorTest } from '@motion-enhancer/libtorch/testing';
import { clipOfFrames, framesTensor } from './clip.js';
import type { VideoFrames } from './video/index.js';

function videoFrames(count: number, height: number, width: number): VideoFrames {
  const data = Uint8Array.from({ length: count * height * width * 3 }, (_, i) => (i * 37) % 256);
  return { data, width, height, indices: Array.from({ length: count }, (_, i) => i) } as unknown as VideoFrames;
}

tensorTest('frames as a tensor: colours apart, every value in its place', () => {
  const frames = videoFrames(2, 3, 4);
  const t = framesTensor(frames);
  assert.deepEqual([t.shape, t.dtype], [[2, 3, 3, 4], 'uint8']);
  const expected: number[] = [];
  for (let n = 0; n < 2; n++)
    for (let c = 0; c < 3; c++)
      for (let y = 0; y < 3; y++)
        for (let x = 0; x < 4; x++) expected.push(frames.data[((n * 3 + y) * 4 + x) * 3 + c]!);
  assert.deepEqual(t.toArray(), expected);
});

tensorTest('a clip: [1, 3, n, h, w] in [−1, 1]; without a resize exactly v / 255 · 2 − 1', () => {
  const t = framesTensor(videoFrames(5, 4, 6));
  const clip = clipOfFrames(t, 4, 6);
  assert.deepEqual([clip.shape, clip.dtype], [[1, 3, 5, 4, 6], 'float32']);
  closeTo(
    clip,
    t
      .permute(1, 0, 2, 3)
      .toArray()
      .map((v) => (v / 255) * 2 - 1),
    1e-6,
  );
  assert.deepEqual(
    clipOfFrames(tensor([0, 255, 0], { dtype: 'uint8', shape: [1, 3, 1, 1] }), 1, 1).toArray(),
    [-1, 1, -1],
  );
});

tensorTest('resizing keeps flat colours, mirrors, and the range; it is antialiased', () => {
  const colours = tensor([10, 128, 250], { dtype: 'uint8', shape: [1, 3, 1, 1] }).mul(
    tensor(new Array(3 * 96).fill(1), { dtype: 'uint8', shape: [1, 3, 8, 12] }),
  );
  for (const [h, w] of [
    [16, 16],
    [4, 5],
    [8, 3],
  ] as const) {
    const clip = clipOfFrames(colours, h, w);
    assert.deepEqual(clip.shape, [1, 3, 1, h, w]);
    for (const [c, v] of [10, 128, 250].entries())
      assert.ok(
        clip
          .select(1, c)
          .sub((v / 255) * 2 - 1)
          .abs()
          .max()
          .item() < 1e-6,
      );
  }
  const noise = rand([2, 3, 8, 12]).mul(256).floor().to('uint8');
  const clip = clipOfFrames(noise, 5, 7);
  assert.ok(clip.abs().max().item() <= 1);
  const flipped = clipOfFrames(noise.flip(3), 5, 7).flip(4);
  assert.ok(clip.sub(flipped).abs().max().item() <= 2 / 255 + 1e-6, 'mirrored in, mirrored out');
  // Stripes finer than the new grid become grey, not stripes.
  const stripes = tensor(
    Array.from({ length: 16 * 16 * 3 }, (_, i) => (i % 2) * 255),
    { dtype: 'uint8', shape: [1, 3, 16, 16] },
  );
  assert.ok(clipOfFrames(stripes, 4, 4).abs().max().item() < 0.15);
});

tensorTest('a GPU resizes to within two levels of the CPU, which rounds between rows and columns', () => {
  // Away from black and white, where the CPU also clips between the two.
  const noise = rand([2, 3, 64, 96]).mul(128).add(64).floor().to('uint8');
  const near = (a: Tensor, b: Tensor) => assert.ok(a.sub(b).abs().max().item() <= 4 / 255 + 1e-6);
  // What a GPU computes, here in float32 on the CPU.
  const float = aten._upsample_bicubic2d_aa(noise.to('float32'), [24, 40], false).round().clamp(0, 255);
  const expected = clipOfFrames(noise, 24, 40);
  near(float.div(255).mul(2).sub(1).permute(1, 0, 2, 3).unsqueeze(0), expected);
  if (cuda().count > 0) near(clipOfFrames(noise.to('cuda:0'), 24, 40).cpu(), expected);
});
