import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { temporaryFolder } from '../testing/index.js';
import { emptyOwnFolder, ownFolder } from './own-folder.js';

test('a folder that we did not make is refused and stays as it is', () => {
  const dir = temporaryFolder();
  mkdirSync(join(dir, 'priors'));
  for (const take of [ownFolder, emptyOwnFolder])
    assert.throws(() => take(dir, 'a test'), { name: 'UserError', code: 'ERR_WRITE', message: /priors.*new folder/ });
  assert.deepEqual(readdirSync(dir), ['priors']);
});

test('a new or an empty one is ours from then on, and only then emptied', () => {
  const dir = join(temporaryFolder(), 'new');
  ownFolder(dir, 'a test');
  writeFileSync(join(dir, 'result'), '');
  ownFolder(dir, 'a test');
  assert.ok(existsSync(join(dir, 'result')));
  emptyOwnFolder(dir, 'a test');
  assert.equal(readdirSync(dir).length, 1, 'its mark');
  emptyOwnFolder(dir, 'a test');
});
