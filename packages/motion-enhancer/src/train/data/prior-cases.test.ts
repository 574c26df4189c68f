// Rows of people's data sets whose priors were once found by name.
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { scope } from '@motion-enhancer/libtorch';
import { leakFree } from '@motion-enhancer/libtorch/testing';
import { fixture, temporaryFolder } from '@motion-enhancer/support/testing';
import { resolve } from '../../config/field.js';
import { mediaOf, type Row, readRows } from '../../data/rows.js';
import { PRIOR_FIELDS } from '../../prior/config.js';
import { chooseRows } from '../../prior/dataset/choose-rows.js';
import { runDataset } from '../../prior/dataset/run-dataset.js';
import { tinyVdm } from '../../prior/dataset/testing.js';
import { loadVdm } from '../../prior/diffusion/vdm.js';
import { PriorStore } from '../../prior/store/store.js';
import { PriorIndex } from './prior-index.js';

const dir = temporaryFolder();
const config = resolve(PRIOR_FIELDS, { frames: 5, height: 32, width: 48, steps: 1 });
const rowsOf = async (path: string) => (await readRows(fixture(`cases/${path}`))).rows;
const vdmDir = tinyVdm(join(dir, 'vdm'));

async function extracted(name: string, rows: readonly Row[]): Promise<PriorStore> {
  const store = new PriorStore(join(dir, name));
  const vdm = await loadVdm(vdmDir, { device: 'cpu', dtype: 'float32' });
  try {
    const entries = chooseRows(rows, [], { index: 0, count: 1 }, 0);
    const counts = await runDataset({ vdm, store, entries, config, textFrom: 'descriptive', onBroken: 'fail' });
    assert.equal(counts.done, rows.length);
  } finally {
    vdm.dispose();
  }
  return store;
}

/** What the prior that a row is given was made of. */
function madeOf(index: PriorIndex, store: PriorStore, row: Row) {
  const key = index.keyOf(row);
  return key === null ? null : scope(() => store.info(key).video);
}

leakFree('one id and video, two clips: each row has its own clip’s prior, or none', async () => {
  const both = await rowsOf('prior-same-id-other-clip/dupclip.json');
  const [first] = await rowsOf('prior-same-id-other-clip/first.json');
  const [second] = await rowsOf('prior-same-id-other-clip/second.json');
  const store = await extracted('clips', both);
  const index = new PriorIndex(store.dir, 4096);
  for (const [row, start] of [
    [both[0]!, 0],
    [both[1]!, 1],
    [first!, 0],
    [second!, 1],
  ] as const)
    assert.equal(madeOf(index, store, row)?.start, start);
  const other = await extracted('second', [second!]);
  const less = new PriorIndex(other.dir, 4096);
  assert.equal(madeOf(less, other, first!), null);
  assert.match(less.lacks(first!)!, /another part/);
});

leakFree('frames without ids, rows in another order: the prior of the same pictures', async () => {
  const store = await extracted('frames', await rowsOf('prior-frames-without-ids/frames.json'));
  const index = new PriorIndex(store.dir, 4096);
  for (const row of await rowsOf('prior-frames-without-ids/frames_swapped.json')) {
    const [medium] = mediaOf(row);
    assert.ok(medium && 'paths' in medium);
    assert.deepEqual(madeOf(index, store, row)?.files, medium.paths);
    const fewer = { ...row, media: [{ ...medium, paths: medium.paths.slice(1) }] };
    assert.equal(madeOf(index, store, fewer), null, 'without the first picture it is another video');
  }
});
