import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { SetupError } from './errors.mjs';
import { findLibtorch, libtorchProblem } from './find-libtorch.mjs';
import { findPythonTorch } from './python.mjs';

function fakeLibtorch(t, version, { without } = {}) {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'setup-find-')));
  t.after(() => rmSync(folder, { recursive: true }));
  const [major, minor, patch] = version.split('.');
  const files = {
    'include/torch/csrc/api/include/torch/version.h': `#define TORCH_VERSION_MAJOR ${major}\n#define TORCH_VERSION_MINOR ${minor}\n#define TORCH_VERSION_PATCH ${patch}\n`,
    'lib/libtorch_cpu.so': '',
    'lib/libc10.so': '',
  };
  for (const [name, text] of Object.entries(files)) {
    if (name === without) continue;
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), text);
  }
  return folder;
}

const never = () => assert.fail('asked for a place that comes later in the order');

test('LIBTORCH comes first, and nothing else is asked', async (t) => {
  const libtorchDir = fakeLibtorch(t, '2.9.1');
  const found = await findLibtorch({ env: { LIBTORCH: libtorchDir }, findPython: never, fetchWheel: never });
  assert.deepEqual(found, { libtorchDir, version: '2.9.1', source: 'LIBTORCH' });
});

test("python3's torch comes second", async (t) => {
  const libtorchDir = fakeLibtorch(t, '2.11.0');
  const found = await findLibtorch({ env: {}, findPython: async () => libtorchDir, fetchWheel: never });
  assert.deepEqual(found, { libtorchDir, version: '2.11.0', source: 'python' });
});

test('without a python torch, or with one that is too old or not whole, the cache serves, and the reason is noted', async (t) => {
  const cached = fakeLibtorch(t, '2.13.0');
  const cases = [
    [undefined, []],
    [fakeLibtorch(t, '2.8.0'), [/2\.8\.0, older than 2\.9\.0/]],
    [fakeLibtorch(t, '2.12.0', { without: 'lib/libc10.so' }), [/has no lib\/libc10\.so/]],
  ];
  for (const [python, expected] of cases) {
    const notes = [];
    const found = await findLibtorch({
      env: {},
      findPython: async () => python,
      fetchWheel: async () => cached,
      note: (text) => notes.push(text),
    });
    assert.deepEqual(found, { libtorchDir: cached, version: '2.13.0', source: 'cache' });
    assert.equal(notes.length, expected.length);
    for (const [i, pattern] of expected.entries()) assert.match(notes[i], pattern);
  }
});

test('a wrong LIBTORCH is an error, never passed over in silence', async (t) => {
  const cases = [
    ['/nowhere/libtorch', /has no include\/torch/],
    [fakeLibtorch(t, '2.8.0'), /older than 2\.9\.0/],
    [fakeLibtorch(t, '2.12.0', { without: 'lib/libtorch_cpu.so' }), /has no lib\/libtorch_cpu\.so/],
  ];
  for (const [LIBTORCH, pattern] of cases) {
    await assert.rejects(findLibtorch({ env: { LIBTORCH }, findPython: never, fetchWheel: never }), (error) => {
      assert.ok(error instanceof SetupError);
      assert.match(error.message, pattern);
      assert.match(error.remedy, /env -u LIBTORCH npm run setup/);
      return true;
    });
  }
});

test('libtorchProblem accepts a whole folder', (t) => {
  assert.equal(libtorchProblem(fakeLibtorch(t, '2.9.0')), undefined);
});

test('findPythonTorch survives every answer of a python', async () => {
  const answers = [
    [{ code: 0, stdout: 'a warning\n{"python": "/usr/bin/python3", "torch": "/site/torch"}\n' }, '/site/torch'],
    [{ code: 0, stdout: '{"python": "/usr/bin/python3", "torch": null}\n' }, undefined],
    [{ code: 0, stdout: 'no JSON' }, undefined],
    [{ code: 127, stdout: '', missing: true }, undefined],
    [{ code: 1, stdout: '', timedOut: true }, undefined],
  ];
  for (const [answer, expected] of answers)
    assert.equal(await findPythonTorch('python3', async () => answer), expected);
});
