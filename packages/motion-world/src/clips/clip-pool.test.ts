import assert from 'node:assert/strict';
import { test } from 'node:test';
import { makeClip } from '../generate/index.js';
import { makeClips } from './clip-frames.js';
import { eachPiece } from './clip-pool.js';

test('threads draw the clips that are drawn here, each once, with masks where they are asked for', async () => {
  const request = { split: 'train', first: 7, count: 150, frames: 2, size: 16, masks: true } as const;
  const cells = 2 * 16 * 16;
  const all = makeClips(request);
  const { frames, masks } = makeClip('train', 9, { frames: 2, size: 16 });
  assert.deepEqual(all.frames.slice(2 * cells * 3, 3 * cells * 3), frames);
  assert.deepEqual(all.masks!.slice(2 * cells, 3 * cells), masks);
  for (const threads of [0, 2]) {
    const seen = new Set<number>();
    await eachPiece(request, threads, (piece) => {
      const [from, to] = [piece.first - 7, piece.first - 7 + piece.count];
      assert.deepEqual(piece.frames, all.frames.slice(from * cells * 3, to * cells * 3));
      assert.deepEqual(piece.masks, all.masks!.slice(from * cells, to * cells));
      for (let i = from; i < to; i++) seen.add(i);
    });
    assert.deepEqual(
      [...seen].sort((a, b) => a - b),
      Array.from({ length: 150 }, (_, i) => i),
    );
  }
  await eachPiece({ ...request, count: 3, masks: false }, 1, ({ masks }) => assert.equal(masks, null));
});
