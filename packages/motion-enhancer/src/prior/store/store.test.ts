import assert from 'node:assert/strict';
import {
  appendFileSync,
  copyFileSync,
  readdirSync,
  readFileSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import {
  liveTensors,
  openSafetensors,
  rand,
  scope,
  type Tensor,
  writeSafetensors,
  zeros,
} from '@motion-enhancer/libtorch';
import { closeTo, tensorTest } from '@motion-enhancer/libtorch/testing';
import { UserError } from '@motion-enhancer/support';
import { temporaryFolder } from '@motion-enhancer/support/testing';
import { resolve } from '../../config/field.js';
import { PRIOR_FIELDS } from '../config.js';
import { appendAlias } from './aliases.js';
import type { Prior, PriorInfo } from './prior.js';
import { PriorStore } from './store.js';

const dir = temporaryFolder();
const store = new PriorStore(dir);
const SHAPE = [3, 2, 4, 5];

function info(key: string): PriorInfo {
  const word = (text: string, start: number) => ({
    text,
    start,
    end: start + text.length,
    ms: 1e-4,
    z: -0.3,
    kept: true,
  });
  return {
    format: 1,
    id: `sample “${key}” 🐕`,
    key,
    text: 'a dog jumps',
    words: [word('a', 0), word('dog', 2), word('jumps', 6)],
    heads: [{ dfc: 0.1, tcs: 1, dsr: 0.5, score: 0.25, rank: 0, kept: true }],
    grid: { frames: 2, height: 4, width: 5 },
    cell: {
      pixelHeight: 16,
      pixelWidth: 16,
      frames: [
        [0, 0],
        [1, 8],
      ],
      seconds: [
        [0, 0],
        [0.1, 0.8],
      ],
    },
    video: { file: 'a.mp4', sha256: 'aa', verdict: 'fine', frames: [0, 1], seconds: [0, 0.1] },
    model: { vdm: 'm', sha256: 'bb', weights: 'random', dtype: 'float32', device: 'cpu' },
    options: resolve(PRIOR_FIELDS, {}),
    code: 'x',
    createdAt: '2026-01-01T00:00:00.000Z',
  };
}

/** Rows of very different size, as attention has them, one of them zero. */
function prior(key: string): Prior {
  const scale = (t: Tensor) => {
    t.select(0, 0).mul_(1e-4);
    t.select(0, 1).mul_(3e-9);
    t.select(0, 2).zero_();
    return t;
  };
  return { info: info(key), rows_WFHW: scale(rand(SHAPE)), allHeads_WFHW: scale(rand(SHAPE)) };
}

const typed = (error: unknown) =>
  error instanceof UserError && /^ERR_(PRIOR|SAFETENSORS)$/.test(error.code) && error.message.includes(dir);
const refused = (key: string, what: string) => {
  const before = liveTensors();
  assert.equal(store.verifies(key), false, what);
  assert.throws(() => scope(() => store.read(key)), typed, what);
  assert.equal(liveTensors(), before, what);
};

tensorTest('a prior comes back: description exactly, maps to 2⁻¹¹ of each row’s largest entry', () => {
  const written = prior('roundtrip');
  store.write(written);
  assert.ok(store.verifies('roundtrip'));
  const read = store.read('roundtrip');
  assert.deepEqual(read.info, written.info);
  assert.deepEqual(store.info('roundtrip'), written.info);
  for (const name of ['rows_WFHW', 'allHeads_WFHW'] as const) {
    assert.deepEqual(read[name]!.shape, SHAPE);
    assert.equal(read[name]!.dtype, 'float32');
    for (const word of [0, 1, 2])
      closeTo(read[name]!.select(0, word), written[name]!.select(0, word), 2 ** -11, `${name} ${word}`);
  }
  assert.equal(store.verifies('another'), false);
  assert.throws(() => store.read('another'), typed);
});

tensorTest('keys are listed in order; other files are not among them', () => {
  const own = new PriorStore(join(dir, 'new/folder'));
  for (const key of ['b', 'a']) own.write(prior(key));
  writeFileSync(join(own.dir, 'notes.txt'), '');
  writeFileSync(join(own.dir, '.c.safetensors.1-ff.tmp'), '');
  assert.deepEqual(own.keys(), ['a', 'b']);
  assert.throws(() => new PriorStore(join(dir, 'absent'), { create: false }), typed);
  writeFileSync(join(dir, 'file'), '');
  assert.throws(
    () => new PriorStore(join(dir, 'file/below')),
    (e) => e instanceof UserError && e.code === 'ERR_WRITE',
  );
});

tensorTest('one changed byte, anywhere in the file, is noticed', () => {
  store.write(prior('original'));
  const bytes = readFileSync(store.path('original'));
  const start = 8 + Number(bytes.readBigUInt64LE());
  const flip = (at: number) => {
    const copy = Buffer.from(bytes);
    copy[at]! ^= 1 << (at % 8);
    writeFileSync(store.path('flipped'), copy);
  };
  // Every byte of the data, then of the description (a third of it, a byte in three).
  for (let at = start; at < bytes.length; at++) {
    flip(at);
    refused('flipped', `data byte ${at - start}`);
  }
  const padding = bytes.subarray(0, start).toString().trimEnd().length;
  for (let at = 0; at < Math.min(start, padding); at += 3) {
    flip(at);
    refused('flipped', `header byte ${at}`);
  }
});

tensorTest('a truncated file, one with more bytes, an empty one', () => {
  store.write(prior('whole'));
  const bytes = readFileSync(store.path('whole'));
  for (const length of [0, 7, 8, 100, bytes.length - 400, bytes.length - 1]) {
    copyFileSync(store.path('whole'), store.path('cut'));
    truncateSync(store.path('cut'), length);
    refused('cut', `${length} bytes`);
  }
  writeFileSync(store.path('cut'), Buffer.concat([bytes, Buffer.from([0])]));
  refused('cut', 'a byte more');
});

tensorTest('a foreign safetensors file, another format version', () => {
  writeSafetensors(store.path('foreign'), { weight: zeros([2]) });
  refused('foreign', 'foreign tensors');
  assert.throws(() => store.info('foreign'), typed);

  store.write(prior('first'));
  const file = openSafetensors(store.path('first'));
  const tensors = Object.fromEntries([...file.tensors.keys()].map((name) => [name, file.read(name)]));
  const save = (key: string, metadata: Record<string, string>) => writeSafetensors(store.path(key), tensors, metadata);
  for (const text of ['{"format":2}', 'null', '[]', 'not JSON']) {
    save('second', { ...file.metadata, prior: text });
    refused('second', text);
    assert.throws(() => store.info('second'), typed, text);
  }
  save('second', { prior: file.metadata.prior! });
  refused('second', 'no hash');
  save('second', file.metadata);
  assert.ok(store.verifies('second'));
  const { rows_scale, ...less } = tensors;
  writeSafetensors(store.path('second'), less, file.metadata);
  refused('second', `without ${rows_scale!.shape}`);
  // The same bytes in another shape.
  const turned = tensors.rows!.reshape(3, 5, 4, 2);
  writeSafetensors(store.path('second'), { ...tensors, rows: turned }, file.metadata);
  refused('second', 'turned');
  file.close();
});

tensorTest('what is not finite is not written; the error names the sample and the tensor', () => {
  store.write(prior('finite'));
  const before = readFileSync(store.path('finite'));
  for (const bad of [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY])
    for (const [name, stored] of [
      ['rows_WFHW', 'rows'],
      ['allHeads_WFHW', 'all_heads'],
    ] as const) {
      const damaged = prior('finite');
      damaged[name]!.select(0, 1).select(0, 1).select(0, 3).select(0, 2).fill_(bad);
      assert.throws(
        () => store.write(damaged),
        (error) =>
          error instanceof UserError &&
          error.code === 'ERR_PRIOR' &&
          error.message.includes(`${stored} of the prior of ${damaged.info.id}`),
      );
    }
  assert.deepEqual(readFileSync(store.path('finite')), before);
});

tensorTest('a write that is interrupted leaves the old prior and nothing beside it', () => {
  store.write(prior('kept'));
  const before = readFileSync(store.path('kept'));
  const files = readdirSync(dir);
  const broken = prior('kept');
  // Fails after the description was made, as a full disk or a lost device would.
  const failing = new Proxy(broken.info, {
    ownKeys: () => {
      throw new Error('interrupted');
    },
  });
  assert.throws(() => store.write({ ...broken, info: failing }), /interrupted/);
  const gone = prior('kept');
  gone.allHeads_WFHW!.dispose();
  assert.throws(() => store.write(gone));
  assert.deepEqual(readFileSync(store.path('kept')), before);
  assert.deepEqual(readdirSync(dir), files);
  assert.ok(store.verifies('kept'));
});

tensorTest('49 frames of 480 × 720 take at most 2 MB, with a caption of a hundred words', () => {
  const [F, H, W] = [7, 30, 45];
  const words = 100;
  const long = info('real-size');
  const word = { text: 'jumping', start: 0, end: 7, ms: 1.234567890123e-4, z: -0.123456789, kept: true };
  const head = {
    dfc: 0.0123456789,
    tcs: 1.23456789,
    dsr: 0.123456789,
    score: 1.23456789,
    focus: 0.1234,
    rank: 10,
    kept: true,
  };
  store.write({
    info: {
      ...long,
      text: 'jumping '.repeat(words),
      words: Array.from({ length: words }, () => word),
      heads: Array.from({ length: 48 }, () => head),
      grid: { frames: F, height: H, width: W },
      video: { ...long.video, frames: [...Array(49).keys()], seconds: Array.from({ length: 49 }, (_, i) => i / 29.97) },
    },
    rows_WFHW: rand([words, F, H, W]),
  });
  const { size } = statSync(store.path('real-size'));
  assert.ok(size <= 2e6, `${size} bytes`);
  assert.deepEqual([...store.read('real-size').rows_WFHW.shape], [words, F, H, W]);
});

tensorTest('what is optional comes back where it was kept, and is null where it was not', () => {
  const { allHeads_WFHW, ...lean } = prior('lean');
  store.write(lean);
  const read = store.read('lean');
  assert.deepEqual([read.allHeads_WFHW, read.heads_UWFHW, read.strip_SFHWC], [null, null, null]);
  const strip_SFHWC = rand([2, 2, 3, 4, 3]).mul(255).to('uint8');
  store.write({ ...prior('full'), strip_SFHWC });
  const full = store.read('full');
  closeTo(full.strip_SFHWC!.to('float32'), strip_SFHWC.to('float32'), 0);
  assert.ok(full.allHeads_WFHW);
});

tensorTest('the same prior is the same bytes, whenever it was made; the time is that of the file', () => {
  const first = prior('times');
  store.write(first);
  const bytes = readFileSync(store.path('times'));
  store.write({ ...first, info: { ...first.info, createdAt: '2027-02-03T04:05:06.000Z' } });
  assert.deepEqual(readFileSync(store.path('times')), bytes);
  assert.equal(store.info('times').createdAt, '2027-02-03T04:05:06.000Z');
});

tensorTest('samples: the newest prior of each, shared ones under every name that they have', () => {
  const own = new PriorStore(join(dir, 'shared'));
  const write = (key: string, id: string, createdAt: string) =>
    own.write({ ...prior(key), info: { ...info(key), id, createdAt } });
  write('a1', 'a', '2026-01-01T00:00:00.000Z');
  write('a2', 'a', '2026-02-01T00:00:00.000Z');
  write('b1', 'b', '2026-01-01T00:00:00.000Z');
  appendAlias(own.dir, { id: 'c', key: 'b1' });
  appendAlias(own.dir, { id: 'd', key: 'gone' });
  // Cut off by a kill; the next one still counts.
  appendFileSync(join(own.dir, 'aliases.jsonl'), '{"id":"e","k');
  appendAlias(own.dir, { id: 'f', key: 'a1' });
  assert.deepEqual([...own.samples()].map(([id, { key }]) => [id, key]).sort(), [
    ['a', 'a2'],
    ['b', 'b1'],
    ['c', 'b1'],
    ['f', 'a1'],
  ]);
  assert.equal(own.samples().get('c')!.id, 'c');
});
