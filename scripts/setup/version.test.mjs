import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { compareVersions, parseVersion, readTorchVersion, requirementsOf } from './version.mjs';

test('parseVersion reads three numbers and ignores what follows', () => {
  assert.deepEqual(parseVersion('2.13.0+cu130'), [2, 13, 0]);
  assert.deepEqual(parseVersion('v20.19.1'), [20, 19, 1]);
  assert.deepEqual(parseVersion('2.9'), [2, 9, 0]);
  assert.deepEqual(parseVersion('2.10.0a0+git1234'), [2, 10, 0]);
  assert.equal(parseVersion('nightly'), undefined);
  assert.equal(parseVersion(undefined), undefined);
});

test('compareVersions orders by number, not by text', () => {
  const ordered = ['1.13.1', '2.0.0', '2.8.9', '2.9.0', '2.10.0', '2.13.0', '2.13.1', '3.0.0'];
  for (const [i, a] of ordered.entries()) {
    for (const [j, b] of ordered.entries())
      assert.equal(Math.sign(compareVersions(a, b)), Math.sign(i - j), `${a} ${b}`);
  }
  assert.equal(compareVersions('2.13.0+cpu', '2.13.0+cu130'), 0);
  assert.throws(() => compareVersions('2.9', 'new'), /Expected two versions/);
});

test('readTorchVersion takes the number from the headers and the local part from version.py', (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'setup-version-'));
  t.after(() => rmSync(folder, { recursive: true }));
  assert.equal(readTorchVersion(folder), undefined);
  const header = join(folder, 'include/torch/headeronly/version.h');
  mkdirSync(dirname(header), { recursive: true });
  writeFileSync(
    header,
    '#define TORCH_VERSION_MAJOR 2\n\n#define TORCH_VERSION_MINOR 11\n\n#define TORCH_VERSION_PATCH 4\n',
  );
  assert.equal(readTorchVersion(folder), '2.11.4');
  writeFileSync(join(folder, 'version.py'), "__version__ = '2.11.4+cu130'\n");
  assert.equal(readTorchVersion(folder), '2.11.4+cu130');
  // A version.py of another release is stale: the headers are what is compiled against.
  writeFileSync(join(folder, 'version.py'), "__version__ = '2.8.0'\n");
  assert.equal(readTorchVersion(folder), '2.11.4');
});

test('requirementsOf lists Requires-Dist lines only', () => {
  const text =
    'Name: torch\nRequires-Dist: filelock\nRequires-Dist: triton==3.7.1; platform_system == "Linux"\n\nRequires: nothing\n';
  assert.deepEqual(requirementsOf(text), ['filelock', 'triton==3.7.1; platform_system == "Linux"']);
});
