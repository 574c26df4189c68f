import assert from 'node:assert/strict';
import { aten, bytesOf, fromTypedArray, scope } from '@motion-enhancer/libtorch';
import { tensorTest } from '@motion-enhancer/libtorch/testing';
import { freshSeed, randomSource } from '@motion-enhancer/support/testing';
import { resizeBicubic } from './resize-bicubic.js';

const RANDOM = randomSource(freshSeed());

/** What libtorch makes of the same bytes. */
function byLibtorch(rgb: Uint8Array, [h, w]: readonly [number, number], to: readonly [number, number]): Uint8Array {
  return scope(() => {
    const frame = fromTypedArray(rgb, [1, h, w, 3]).permute(0, 3, 1, 2).contiguous();
    const resized = aten._upsample_bicubic2d_aa(frame, [...to], false);
    return Uint8Array.from(bytesOf(resized.permute(0, 2, 3, 1).contiguous()));
  });
}

tensorTest('bytes are those of libtorch, smaller and larger, whatever the sides', () => {
  const side = () => 1 + RANDOM.below(90);
  const sizes = [
    [
      [1080, 1920],
      [480, 720],
    ],
    [
      [54, 96],
      [54, 33],
    ],
    [
      [64, 64],
      [128, 32],
    ],
    ...Array.from({ length: 25 }, () => [
      [side(), side()],
      [side(), side()],
    ]),
  ] as [[number, number], [number, number]][];
  for (const [from, to] of sizes) {
    const rgb = Uint8Array.from({ length: from[0] * from[1] * 3 }, () =>
      // Extremes overshoot, which must be clipped.
      RANDOM.next() < 0.5 ? Math.round(RANDOM.next()) * 255 : RANDOM.below(256),
    );
    assert.ok(Buffer.from(resizeBicubic(rgb, from, to)).equals(byLibtorch(rgb, from, to)), `${from} to ${to}`);
  }
});
