import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { beforeEach, test } from 'node:test';
import { jsonSum, sha256File } from '@motion-enhancer/support';
import { temporaryFolder } from '@motion-enhancer/support/testing';
import { resolve } from '../../config/field.js';
import { PRIOR_FIELDS, type PriorConfig } from '../config.js';
import { type KeyParts, priorKey, weightsHash } from './key.js';

const PARTS: KeyParts = {
  model: 'm',
  video: 'v',
  text: 'a dog jumps',
  dtype: 'float32',
  options: resolve(PRIOR_FIELDS, {}),
};
const sha256 = (data: string | Buffer) => createHash('sha256').update(data).digest('hex');

test('the key of the default options is what it always was', () => {
  // Another value here means that no prior extracted before is found again: think twice.
  assert.equal(priorKey(PARTS), 'e226c07710db5f544637ddd8');
});

test('the key changes with model, video, text and dtype', () => {
  const keys = [
    PARTS,
    ...(['model', 'video', 'text', 'dtype'] as const).map((part) => ({ ...PARTS, [part]: 'bfloat16' })),
  ].map(priorKey);
  assert.equal(new Set(keys).size, 5);
  assert.ok(keys.every((key) => /^[0-9a-f]{24}$/.test(key)));
  // Parts do not run into each other.
  assert.notEqual(priorKey({ ...PARTS, model: 'mv', video: '' }), priorKey(PARTS));
});

test('the key changes with every option, but not with the way that exact sums are had', () => {
  for (const [name, field] of Object.entries(PRIOR_FIELDS)) {
    const value = otherValue(field);
    assert.notEqual(value, field.default, name);
    // A setting counts where it is in use.
    const use: Record<string, Partial<PriorConfig>> = {
      sampleRows: { squareSum: 'sampled' },
      maskWidth: { mask: 'half-width' },
      maskShare: { mask: 'share' },
      levels: { mode: 'renoise' },
      draws: { mode: 'renoise' },
      spreadLayer: { spread: 1 },
    };
    const key = (o: Partial<PriorConfig>) => priorKey({ ...PARTS, options: { ...PARTS.options, ...o } });
    assert.notEqual(key({ ...use[name], [name]: value }), key({ ...use[name] }), name);
    if (use[name]) assert.equal(key({ [name]: value }), key({}), `${name} out of use`);
  }
  for (const squareSum of ['accumulate', 'replay'] as const)
    assert.equal(priorKey({ ...PARTS, options: { ...PARTS.options, squareSum } }), priorKey(PARTS));
});

/** Another value than the default. */
function otherValue(field: (typeof PRIOR_FIELDS)[keyof typeof PRIOR_FIELDS]): string | number | boolean {
  switch (field.type) {
    case 'choice':
      return field.choices.at(-1)!;
    case 'boolean':
      return !field.default;
    case 'string':
      return `${field.default}0`;
    default:
      return field.default + 1;
  }
}

test('options of other modes do not change the key of a mode', () => {
  const key = (o: Partial<PriorConfig>) => priorKey({ ...PARTS, options: { ...PARTS.options, ...o } });
  for (const o of [
    { steps: 7 },
    { guidance: 1 },
    { stream: 'reference' },
    { half: 'negative' },
    { init: 'inverted' },
  ] as const) {
    assert.equal(key({ mode: 'renoise', ...o }), key({ mode: 'renoise' }));
    assert.equal(key({ mode: 'difference', ...o }), key({ mode: 'difference' }));
  }
  for (const o of [{ selection: 'change' }, { direction: 'both' }, { spread: 2 }, { wordRatio: 1 }] as const)
    assert.equal(key({ mode: 'difference', ...o }), key({ mode: 'difference' }));
  assert.equal(new Set(PRIOR_FIELDS.mode.choices.map((mode) => key({ mode }))).size, 4);
});

test('the order in which options were given does not matter', () => {
  const options = Object.fromEntries(Object.entries(PARTS.options).reverse()) as PriorConfig;
  assert.equal(priorKey({ ...PARTS, options }), priorKey(PARTS));
});

const root = temporaryFolder();
const cacheFile = join(root, 'cache/motion-enhancer/hashes.json');
process.env.XDG_CACHE_HOME = join(root, 'cache');
const files = ['b', 'a'].map((name) => join(root, `${name}.safetensors`));

beforeEach(() => {
  for (const [i, file] of files.entries()) writeFileSync(file, `weights ${i}`);
});

test('sha256 of a file: empty, small, larger than a chunk', async () => {
  for (const data of [Buffer.alloc(0), Buffer.from('abc'), Buffer.alloc(3 * 2 ** 20 + 1, 7)]) {
    writeFileSync(join(root, 'data'), data);
    assert.equal(await sha256File(join(root, 'data')), sha256(data));
  }
  await assert.rejects(sha256File(join(root, 'absent')), { code: 'ENOENT' });
});

test('the hash of weights: over all files, whatever their order, and remembered', async () => {
  const hash = await weightsHash(files);
  assert.equal(hash, sha256(sha256('weights 1') + sha256('weights 0')));
  assert.equal(await weightsHash([...files].reverse()), hash);
  assert.notEqual(await weightsHash(files.slice(1)), hash);

  // Remembered: what the cache says is believed as long as size and time stay.
  const { crc32c: _, ...cache } = JSON.parse(readFileSync(cacheFile, 'utf8')) as Record<string, string>;
  const id = Object.keys(cache).find((name) => name.startsWith(`${files[0]}:`))!;
  const other = { ...cache, [id]: 'f'.repeat(64) };
  writeFileSync(cacheFile, JSON.stringify({ ...other, crc32c: jsonSum(other) }));
  assert.notEqual(await weightsHash(files), hash);
  writeFileSync(cacheFile, JSON.stringify({ ...other, crc32c: jsonSum(cache) }));
  assert.equal(await weightsHash(files), hash, 'a changed byte');
  writeFileSync(cacheFile, '{}');
  assert.equal(await weightsHash(files), hash);
});

test('a changed weight file is noticed by its size or its time', async () => {
  const hash = await weightsHash(files);
  writeFileSync(files[0]!, 'weights 0 and more');
  const longer = await weightsHash(files);
  assert.notEqual(longer, hash);
  const { atime, mtime } = statSync(files[0]!);
  writeFileSync(files[0]!, 'weights 0 and MORE');
  utimesSync(files[0]!, atime, new Date(mtime.getTime() + 5000));
  assert.notEqual(await weightsHash(files), longer);
});

test('the cache knows files by their absolute path', async () => {
  const before = process.cwd();
  const hashes: string[] = [];
  try {
    for (const name of ['one', 'two']) {
      mkdirSync(join(root, name));
      const file = join(root, name, 'w.safetensors');
      writeFileSync(file, name);
      utimesSync(file, 1e9, 1e9);
      process.chdir(join(root, name));
      hashes.push(await weightsHash([relative(process.cwd(), file)]));
    }
  } finally {
    process.chdir(before);
  }
  assert.deepEqual(
    hashes,
    ['one', 'two'].map((name) => sha256(sha256(name))),
  );
});

test('a damaged cache, or one that cannot be written, only costs time', async () => {
  const hash = await weightsHash(files);
  for (const content of ['', 'null', '[1, 2]', '{"x"', JSON.stringify({ [`${files[0]}`]: 3 })]) {
    writeFileSync(cacheFile, content);
    assert.equal(await weightsHash(files), hash, content);
  }
  process.env.XDG_CACHE_HOME = files[0]!; // a file where a folder should be
  try {
    assert.equal(await weightsHash(files), hash);
  } finally {
    process.env.XDG_CACHE_HOME = join(root, 'cache');
  }
});
