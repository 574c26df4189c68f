import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

const read = (path) => JSON.parse(readFileSync(fileURLToPath(new URL(`../../${path}`, import.meta.url)), 'utf8'));

test('npm ci links the commands: the lock file knows every bin of the workspaces', () => {
  const { packages } = read('package-lock.json');
  const plain = (bin) =>
    Object.fromEntries(Object.entries(bin ?? {}).map(([name, path]) => [name, path.replace(/^\.\//, '')]));
  for (const folder of ['libtorch', 'models', 'motion-enhancer']) {
    const { bin } = read(`packages/${folder}/package.json`);
    assert.deepEqual(
      plain(packages[`packages/${folder}`].bin),
      plain(bin),
      'run npm install --package-lock-only, then node scripts/complete-lockfile.mjs',
    );
  }
});
