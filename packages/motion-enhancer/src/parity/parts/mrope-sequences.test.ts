import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Grid, type Qwen25VLConfig, ropeIndex } from '@motion-enhancer/models';
import { mropeSequences } from './mrope-sequences.js';

const MEDIA = { image: 8, video: 9, merge: 2 };
const CONFIG = {
  vision: { spatialMergeSize: 2, tokensPerSecond: 2 },
  imageTokenId: 8,
  videoTokenId: 9,
} as unknown as Qwen25VLConfig;

const pads = (id: number, [t, h, w]: Grid) => new Array<number>((t * h * w) / 4).fill(id);

/** Text, an image, text, a video, an image that touches it, text. */
const GRIDS: Grid[] = [
  [1, 4, 6],
  [3, 2, 4],
  [1, 2, 2],
];
const IDS = [1, ...pads(8, GRIDS[0]!), 2, ...pads(9, GRIDS[1]!), ...pads(8, GRIDS[2]!), 3, 4];
const ROPE = ropeIndex(IDS, GRIDS, [1], CONFIG, { rounding: 'integer' });

test('grids of several media are read off their tokens and positions', () => {
  const [found] = mropeSequences({ input_ids: IDS, position_ids: ROPE.positions, delta: ROPE.delta }, MEDIA);
  assert.deepEqual(found, {
    ids: IDS,
    grids: GRIDS,
    seconds: null,
    positions: ROPE.positions,
    delta: ROPE.delta,
    padding: 0,
  });
});

test('a padded batch comes apart, each sequence with its own grids and seconds', () => {
  const short = [...pads(9, [2, 2, 2]), 5];
  const rope = ropeIndex(short, [[2, 2, 2]], [2], CONFIG, { rounding: 'integer' });
  const padding = IDS.length - short.length;
  const padded = (values: number[]) => [...new Array<number>(padding).fill(1), ...values];
  const sequences = mropeSequences(
    {
      input_ids: [IDS, padded(short)],
      attention_mask: [IDS.map(() => 1), [...new Array<number>(padding).fill(0), ...short.map(() => 1)]],
      position_ids: ROPE.positions.map((axis, i) => [axis, padded(rope.positions[i]!)]),
      image_grid_thw: [GRIDS[0]!, GRIDS[2]!],
      second_per_grid_ts: [1, 2],
      delta: [[ROPE.delta], [rope.delta - padding]],
    },
    MEDIA,
  );
  assert.deepEqual(
    sequences.map(({ ids, grids, seconds, padding }) => ({ ids, grids, seconds, padding })),
    [
      { ids: IDS, grids: GRIDS, seconds: [1], padding: 0 },
      { ids: short, grids: [[2, 2, 2]], seconds: [2], padding },
    ],
  );
  assert.deepEqual(sequences[1]!.positions, rope.positions);
});

test('a case whose positions do not fit its tokens cannot be read', () => {
  assert.throws(
    () => mropeSequences({ input_ids: [1, 2], position_ids: [[0], [0], [0]] }, MEDIA),
    /number for each token/,
  );
});
