import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { completeLockfile, missingPlatformPackages, platformOf } from './complete-lockfile.mjs';

test('package-lock.json holds the packages of every platform, without which npm ci refuses it', () => {
  const lock = JSON.parse(readFileSync(new URL('../../package-lock.json', import.meta.url), 'utf8'));
  const names = missingPlatformPackages(lock).map(({ name }) => name);
  assert.deepEqual(names, [], 'mend it: node scripts/complete-lockfile.mjs');
});

test('platformOf reads what npm would ask the registry for', () => {
  assert.deepEqual(platformOf('@biomejs/cli-linux-arm64-musl'), { cpu: ['arm64'], libc: ['musl'], os: ['linux'] });
  assert.deepEqual(platformOf('@esbuild/win32-x64'), { cpu: ['x64'], os: ['win32'] });
  assert.deepEqual(platformOf('@img/sharp-darwin-arm64'), { cpu: ['arm64'], os: ['darwin'] });
  assert.equal(platformOf('fsevents'), undefined);
});

test('completeLockfile adds what is missing in npm order, and changes nothing else', () => {
  const lock = {
    lockfileVersion: 3,
    packages: {
      '': {},
      'node_modules/a': {
        version: '1.2.3',
        dev: true,
        optionalDependencies: { 'a-linux-x64': '1.2.3', 'a-win32-arm64': '1.2.3' },
      },
      'node_modules/a-win32-arm64': { version: '1.2.3', optional: true },
      'node_modules/b': { version: '2.0.0' },
    },
  };
  const before = structuredClone(lock);
  const complete = completeLockfile(lock);
  assert.deepEqual(lock, before);
  const added = { version: '1.2.3', cpu: ['x64'], os: ['linux'], dev: true, optional: true };
  assert.deepEqual(complete.packages, { ...before.packages, 'node_modules/a-linux-x64': added });
  assert.deepEqual(Object.keys(complete.packages), [
    '',
    'node_modules/a',
    'node_modules/a-linux-x64',
    'node_modules/a-win32-arm64',
    'node_modules/b',
  ]);
  assert.deepEqual(missingPlatformPackages(complete), []);
});

test('a range or a name without a platform is left to npm', () => {
  for (const optionalDependencies of [{ 'a-linux-x64': '^1.0.0' }, { fsevents: '2.3.3' }]) {
    assert.throws(
      () => completeLockfile({ packages: { 'node_modules/a': { optionalDependencies } } }),
      /an exact version and a platform/,
    );
  }
});
