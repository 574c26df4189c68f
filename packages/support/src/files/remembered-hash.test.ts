import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { appendFileSync, readFileSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { temporaryFolder } from '../testing/index.js';
import { rememberedHash } from './remembered-hash.js';

const dir = temporaryFolder();
process.env.XDG_CACHE_HOME = join(dir, 'cache');
const cacheFile = join(dir, 'cache', 'motion-enhancer', 'file-hashes.jsonl');
const sha256 = (text: string) => createHash('sha256').update(text).digest('hex');

function old(name: string, text: string, seconds = 1000): string {
  const path = join(dir, name);
  writeFileSync(path, text);
  utimesSync(path, seconds, seconds);
  return path;
}

test('a file is read once; another size or time of change reads it again', () => {
  const path = old('a', 'one');
  assert.equal(rememberedHash(path), sha256('one'));
  old('a', 'two');
  assert.equal(rememberedHash(path), sha256('one'), 'remembered: path, size and time are the same');
  old('a', 'two', 1001);
  assert.equal(rememberedHash(path), sha256('two'));
  old('a', 'three', 1001);
  assert.equal(rememberedHash(path), sha256('three'));
});

test('another process knows what this one read, past damaged lines', () => {
  const path = old('b', 'here');
  rememberedHash(path);
  appendFileSync(cacheFile, '["/x",3,');
  const later = old('c', 'after');
  rememberedHash(later);
  old('b', 'gone');
  old('c', 'again');
  const module = new URL('./remembered-hash.js', import.meta.url).href;
  const code = `import { rememberedHash } from ${JSON.stringify(module)};
    console.log(process.argv.slice(1).map(rememberedHash).join());`;
  const out = execFileSync(process.execPath, ['--input-type=module', '-e', code, path, later], { encoding: 'utf8' });
  assert.equal(out.trim(), `${sha256('here')},${sha256('after')}`);
});

test('a file of this moment is not remembered: it may change without another time', () => {
  const path = join(dir, 'young');
  writeFileSync(path, 'one');
  rememberedHash(path);
  assert.ok(!readFileSync(cacheFile, 'utf8').includes(path));
  const { mtimeMs } = statSync(path);
  writeFileSync(path, 'two');
  utimesSync(path, mtimeMs / 1000, mtimeMs / 1000);
  assert.equal(rememberedHash(path), sha256('two'));
});

test('what is no regular file is refused; a cache that cannot be written costs only time', () => {
  assert.throws(() => rememberedHash('/dev/zero'), { name: 'UserError', code: 'ERR_FILE' });
  assert.throws(() => rememberedHash(dir), { name: 'UserError', code: 'ERR_FILE' });
  assert.throws(() => rememberedHash(join(dir, 'absent')), { code: 'ENOENT' });
  process.env.XDG_CACHE_HOME = old('file', 'where a folder should be');
  assert.equal(rememberedHash(old('d', 'still')), sha256('still'));
});
