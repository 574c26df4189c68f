import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FlatLayout } from './flat-layout.js';

test('every value of every weight lies in one shard, for any number of ranks', () => {
  const sizes = [1000, 1, 64, 7, 129, 0, 4096];
  for (const ranks of [1, 2, 3, 8, 64]) {
    const layout = new FlatLayout(sizes, ranks);
    assert.equal(layout.shard * ranks, layout.total);
    const found = sizes.map(() => 0);
    for (let rank = 0; rank < ranks; rank++)
      for (const { index, from, at, count } of layout.piecesOf(rank)) {
        assert.equal(from, found[index], 'pieces follow each other');
        assert.equal(rank * layout.shard + at, layout.places[index]!.offset + from);
        assert.ok(at + count <= layout.shard);
        found[index]! += count;
      }
    assert.deepEqual(found, sizes);
    for (const { offset } of layout.places) assert.equal(offset % 64, 0);
  }
});
