import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { liveTensors, scope } from '@motion-enhancer/libtorch';
import { ownIdentity, releaseClaim, takeClaim, UserError } from '@motion-enhancer/support';
import { fixture, freshSeed, randomSource, temporaryFolder } from '@motion-enhancer/support/testing';
import { resolve } from '../../config/field.js';
import { encodePng } from '../../data/image/index.js';
import { readRows } from '../../data/rows.js';
import { PRIOR_FIELDS } from '../config.js';
import { type CogVideoX, loadCogVideoX } from '../diffusion/cogvideox/load-cogvideox.js';
import type { TextEmbeddings } from '../diffusion/text-embeddings.js';
import type { VideoDiffusion } from '../diffusion/video-diffusion.js';
import { PRESETS } from '../presets.js';
import { readAliases } from '../store/aliases.js';
import { PriorStore } from '../store/store.js';
import type { Entry } from './choose-rows.js';
import type { DatasetJob } from './dataset-job.js';
import type { RowEvent } from './row-event.js';
import { runDataset } from './run-dataset.js';
import { storeStats } from './store-stats.js';
import { contents, goodRows, leftovers, tinyVdm, writeRows } from './testing.js';
import { verifyStore } from './verify-store.js';

const dir = temporaryFolder();
const config = resolve(PRIOR_FIELDS, { frames: 5, height: 32, width: 48, steps: 2 });
let vdm: CogVideoX & { texts: TextEmbeddings };
let stores = 0;
const atStart = liveTensors();
before(async () => {
  vdm = (await loadCogVideoX(tinyVdm(join(dir, 'vdm')), { device: 'cpu', dtype: 'float32' })) as typeof vdm;
  // Tables that the model makes at its first use are its own until it is freed.
  await runOnce();
});
after(() => {
  vdm.dispose();
  assert.equal(liveTensors(), atStart, 'live tensors after the model');
});

const entriesOf = async (rows: readonly unknown[]): Promise<Entry[]> =>
  (await readRows(writeRows(join(dir, 'rows.jsonl'), rows))).rows.map((row) => ({ line: row.line, row }));

async function runOnce() {
  const store = new PriorStore(join(dir, 'first'));
  const entries = await entriesOf(goodRows(1));
  return runDataset({ vdm, store, entries, config, textFrom: 'descriptive', onBroken: 'skip' });
}

/** Runs in a new store; events in order, and no tensor left. */
async function run(entries: readonly Entry[], more: Partial<DatasetJob> = {}) {
  const store = more.store ?? new PriorStore(join(dir, `store${stores++}`));
  const events: RowEvent[] = [];
  const live = liveTensors();
  try {
    const counts = await runDataset({
      vdm,
      store,
      entries,
      config,
      textFrom: 'descriptive',
      onBroken: 'skip',
      ...more,
      onRow: (event, now) => {
        events.push(event);
        more.onRow?.(event, now);
      },
    });
    return { store, events, counts };
  } finally {
    assert.equal(liveTensors(), live, 'live tensors after the run');
    assert.deepEqual(leftovers(store.dir), [], 'claims and temporary files after the run');
  }
}

test('mode renoise and the differences: computed once, found again, each under its own key', async () => {
  const entries = await entriesOf(goodRows(2));
  const store = new PriorStore(join(dir, 'modes'));
  const small = { frames: 5, height: 32, width: 48 };
  const modes = [
    resolve(PRIOR_FIELDS, { ...PRESETS['renoise-4'], ...small }),
    resolve(PRIOR_FIELDS, { ...small, mode: 'difference' }),
    resolve(PRIOR_FIELDS, { ...small, mode: 'difference-shifted' }),
  ];
  for (const options of modes) {
    const first = await run(entries.slice(0, 1), { store, config: options });
    assert.deepEqual(first.counts, { rows: 1, done: 1, existed: 0, failed: 0 });
    // As after an end between the rows: what is there is not computed again.
    const second = await run(entries, { store, config: options });
    assert.deepEqual(second.counts, { rows: 2, done: 1, existed: 1, failed: 0 });
  }
  assert.equal(store.keys().length, 6);
  for (const key of store.keys()) {
    const { info, rows } = scope(() => {
      const { info, rows_WFHW } = store.read(key);
      return { info, rows: rows_WFHW.isfinite().all().item() };
    });
    assert.equal(rows, 1);
    assert.equal(info.capture?.squareSum, 'none');
    assert.equal(info.heads.length, info.options.mode === 'renoise' ? 16 : 0);
    assert.ok(info.options.mode === 'renoise' || info.words.every(({ kept }) => kept));
  }
});

test('rows in order, twice the same sample once; the prior says what its text was; an abort ends after the row', async () => {
  const [a, b, c] = goodRows(3) as [object, object, object];
  const { events, counts, store } = await run(await entriesOf([a, b, { ...b, id: 'again' }, c]));
  assert.deepEqual(counts, { rows: 4, done: 3, existed: 1, failed: 0 });
  // The sample's second row waits for the first one's claim, to the end.
  assert.deepEqual(
    events.map(({ state, id, storedAs }) => [state, id, storedAs]),
    [
      ['done', 's0', undefined],
      ['done', 's1', undefined],
      ['done', 's2', undefined],
      ['existed', 'again', 's1'],
    ],
  );
  // Whoever looks for either name finds the prior, however often it is told.
  assert.equal(store.samples().get('again')!.key, store.samples().get('s1')!.key);
  await run(await entriesOf([{ ...b, id: 'again' }]), { store });
  assert.equal(readAliases(store.dir).length, 1);
  assert.deepEqual(
    store.keys().map((key) => store.info(key).textFrom),
    ['caption', 'caption', 'caption'],
  );
  const controller = new AbortController();
  const stopped = await run(await entriesOf([a, b, c]), { signal: controller.signal, onRow: () => controller.abort() });
  assert.deepEqual(stopped.counts, { rows: 3, done: 1, existed: 0, failed: 0 });
  assert.deepEqual(
    stopped.events.map(({ id }) => id),
    ['s0'],
  );
});

test('a failure of the computation is its row’s; three in a row, a full disk and nothing else end the run', async () => {
  const entries = await entriesOf(goodRows(6));
  const failing = (on: readonly number[], error: () => Error): VideoDiffusion => {
    let calls = 0;
    const encodeVideo: VideoDiffusion['encodeVideo'] = (clip, options) => {
      if (on.includes(calls++)) throw error();
      return vdm.encodeVideo(clip, options);
    };
    return { ...vdm, encodeVideo };
  };
  const defect = () => new TypeError('x is not a function');
  const two = await run(entries, { vdm: failing([0, 1, 3, 4], defect) });
  assert.deepEqual(two.counts, { rows: 6, done: 2, existed: 0, failed: 4 });
  assert.equal(two.events[0]!.reason, 'TypeError: x is not a function');
  await assert.rejects(run(entries, { vdm: failing([1, 2, 3], defect) }), TypeError);
  const nan = await run(entries, { vdm: failing([0, 1, 2, 3, 4], () => new UserError('NaN', { code: 'ERR_PRIOR' })) });
  assert.deepEqual([nan.counts.done, nan.counts.failed], [1, 5]);
  const full = () => new UserError('the disk is full', { code: 'ERR_WRITE' });
  await assert.rejects(run(entries, { vdm: failing([2], full) }), /the disk is full/);
});

test('the text encoder is loaded once for a batch of texts, not for what is there', async () => {
  const entries = await entriesOf(goodRows(5));
  const loads = () => vdm.texts.loads;
  let before = loads();
  const { store } = await run(entries);
  assert.equal(loads() - before, 1);
  before = loads();
  await run(entries, { store });
  assert.equal(loads() - before, 0);
  // Two texts at a time: five rows are three batches.
  const batched = await run(entries, { textBatch: 2 });
  assert.equal(loads() - before, 3);
  assert.deepEqual(contents(batched.store.dir), contents(store.dir), 'the same bytes however they were batched');
  assert.equal(vdm.texts.size, 0);
});

test('a part of a file has a prior of its own, from frames of that part; pictures are a video too', async () => {
  const video = fixture('videos/made_vfr.mkv');
  const caption = 'a dog jumps over a wall';
  const pictures = Array.from({ length: 6 }, (_, i) => {
    const path = join(dir, `${i}.png`);
    const data = Uint8Array.from({ length: 40 * 30 * 3 }, (_, place) => (place * (i + 3)) % 251);
    writeFileSync(path, encodePng({ width: 40, height: 30, data }));
    return path;
  });
  const talk = [
    { from: 'human', value: '<video>Describe it.' },
    { from: 'gpt', value: caption },
  ];
  const rows = [
    { id: 'whole', video, caption },
    { id: 'part', video, clip: [0.3, 0.9], conversations: talk },
    { id: 'pictures', videos: [pictures], conversations: talk },
    { id: 'outside', video, clip: [50, 60], conversations: talk },
    { id: 'sizes', videos: [[...pictures.slice(0, 4), fixture('images/made_444.jpg')]], conversations: talk },
  ];
  const { store, counts, events } = await run(await entriesOf(rows));
  assert.deepEqual(counts, { rows: 5, done: 3, existed: 0, failed: 2 });
  const of = (id: string) => store.samples().get(id)!.video;
  assert.deepEqual([of('part').start, of('part').end, of('whole').start], [0.3, 0.9, undefined]);
  assert.ok(of('part').seconds.every((time) => time >= 0.3 && time <= 0.9));
  assert.equal(of('part').sha256, of('whole').sha256);
  assert.deepEqual([of('pictures').files, of('pictures').frames], [pictures, [0, 1, 2, 3, 4]]);
  const reasons = events.filter(({ state }) => state === 'failed').map(({ reason }) => reason);
  assert.match(reasons[0]!, /Expected frames from 50 to 60 s in .*made_vfr/);
  assert.match(reasons[1]!, /Expected frames of one size/);
  assert.equal((await run(await entriesOf(rows), { store })).counts.existed, 3);
});

test('a claim of another process is waited for; the row is taken when it is given up', async () => {
  const entries = await entriesOf(goodRows(2));
  const first = await run(entries);
  const [key] = first.store.keys() as [string];
  const store = new PriorStore(join(dir, 'claimed'));
  const claim = takeClaim(store.dir, key)!;
  let waited = 0;
  const { counts } = await run(entries, {
    store,
    onWait: (rows) => {
      waited = rows;
      setTimeout(() => releaseClaim(claim), 300);
    },
  });
  assert.deepEqual([waited, counts.done], [1, 2]);
});

test('killed between the file and the end of its claim: the next run removes the claim and what lies beside', async () => {
  const entries = await entriesOf(goodRows(2));
  const { store } = await run(entries);
  const dead = spawnSync(process.execPath, ['-e', '']).pid;
  const [key] = store.keys() as [string];
  const claim = JSON.stringify({ ...ownIdentity(), pid: dead, token: 'x' });
  writeFileSync(join(store.dir, `.${key}.claim`), claim);
  writeFileSync(join(store.dir, `.${key}.safetensors.${dead}-00ff.tmp`), 'half');
  writeFileSync(join(store.dir, `.manifest-00112233.json.${dead}-00ff00ff.tmp`), 'half');
  // `run` sees to it that nothing is left.
  const { counts } = await run(entries, { store });
  assert.deepEqual(counts, { rows: 2, done: 0, existed: 2, failed: 0 });
  // A claim of which only the first bytes were written counts as held for a while.
  rmSync(store.path(store.keys()[0]!));
  writeFileSync(join(store.dir, `.${key}.claim`), claim.slice(0, 9));
  utimesSync(join(store.dir, `.${key}.claim`), new Date(), new Date(Date.now() - 9500));
  writeFileSync(join(store.dir, `.manifest-00112233.json.${dead}-00ff00ff.tmp`), 'half');
  assert.equal((await run(entries, { store })).counts.done, 1);
});

test('verify finds a flipped bit at any place, a missing end, and a prior under another name', async () => {
  const seed = freshSeed();
  const random = randomSource(seed);
  const { store } = await run(await entriesOf(goodRows(2)));
  assert.deepEqual(verifyStore(store), { checked: 2, bad: [] });
  const [key] = store.keys() as [string];
  const path = store.path(key);
  const good = readFileSync(path);
  const live = liveTensors();
  const badKeys = () => verifyStore(store).bad.map((bad) => bad.key);
  for (let i = 0; i < 200; i++) {
    const bytes = Buffer.from(good);
    const place = random.below(bytes.length);
    const bit = random.below(8);
    bytes[place]! ^= 1 << bit;
    writeFileSync(path, bytes);
    assert.deepEqual(badKeys(), [key], `TEST_SEED=${seed}: bit ${bit} of byte ${place}`);
  }
  for (let i = 0; i < 20; i++) {
    const length = random.below(good.length);
    writeFileSync(path, good.subarray(0, length));
    assert.deepEqual(badKeys(), [key], `TEST_SEED=${seed}: ${length} bytes`);
  }
  writeFileSync(path, good);
  writeFileSync(store.path('00'), good);
  assert.deepEqual(badKeys(), ['00']);
  assert.deepEqual(
    verifyStore(store, { delete: true }).bad.map((bad) => bad.deleted),
    [true],
  );
  assert.deepEqual(verifyStore(store), { checked: 2, bad: [] });
  assert.equal(liveTensors(), live);
});

test('stats: groups by options; unreadable files are named', async () => {
  const entries = await entriesOf(goodRows(3));
  const { store } = await run(entries);
  await run(entries.slice(0, 1), { store, config: { ...config, steps: 1 } });
  writeFileSync(store.path('ff'), 'x');
  const { count, bytes, unreadable, groups } = storeStats(store);
  assert.deepEqual([count, unreadable], [4, [store.path('ff')]]);
  assert.deepEqual(
    groups.map((g) => [g.count, g.options.steps, g.grids, g.textFrom]),
    [
      [3, 2, { '1 × 2 × 3': 3 }, { caption: 3 }],
      [1, 1, { '1 × 2 × 3': 1 }, { caption: 1 }],
    ],
  );
  assert.equal(
    bytes,
    store
      .keys()
      .filter((key) => key !== 'ff')
      .reduce((sum, key) => sum + readFileSync(store.path(key)).length, 0),
  );
  for (const group of groups) assert.ok(group.keptWords > 0 && group.keptWords < group.words);
});
