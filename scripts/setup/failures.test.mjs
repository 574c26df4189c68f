import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { checkSpace, fillCache, readManifest } from './cache.mjs';
import { compileError } from './compile.mjs';
import { SetupError } from './errors.mjs';
import { exec } from './exec.mjs';
import { checkMachine, hasNvidiaDriver } from './machine.mjs';
import { checkPip, classifyPipFailure, pipError } from './pip.mjs';
import { findCompiler } from './toolchain.mjs';

const GOOD = {
  node: '20.19.0',
  platform: 'linux',
  arch: 'x64',
  glibc: '2.28',
  cpuinfo: 'flags\t\t: sse4_2 avx avx2 fma\n',
};

function setupError(message, remedy) {
  return (error) => {
    assert.ok(error instanceof SetupError, String(error));
    assert.match(error.message, message);
    assert.match(error.remedy, remedy);
    return true;
  };
}

test('checkMachine passes machines that serve', () => {
  checkMachine(GOOD);
  checkMachine({ ...GOOD, node: '22.1.0', glibc: '2.39' });
  checkMachine({ ...GOOD, arch: 'arm64', cpuinfo: 'Features\t: asimd\n' });
  checkMachine({ ...GOOD, cpuinfo: '' });
});

test('checkMachine names the cause and what mends it', () => {
  const cases = [
    [{ node: '20.18.3' }, /Node 20\.19\.0 or newer but this is Node 20\.18\.3/, /nvm install 22/],
    [{ platform: 'darwin', arch: 'arm64' }, /darwin on arm64/, /docker run/],
    [{ arch: 'ia32' }, /linux on ia32/, /docker run/],
    [{ glibc: undefined }, /musl/, /node:22/],
    [{ glibc: '2.17' }, /glibc 2\.28 or newer but this system has 2\.17/, /Debian 10/],
    [{ cpuinfo: 'flags : sse4_2 avx fma avx2_lookalike\n' }, /AVX2/, /Haswell/],
  ];
  for (const [change, message, remedy] of cases) {
    assert.throws(() => checkMachine({ ...GOOD, ...change }), setupError(message, remedy));
  }
});

test('hasNvidiaDriver looks for the driver, and the environment overrules it', () => {
  assert.equal(
    hasNvidiaDriver({}, () => false),
    false,
  );
  assert.equal(
    hasNvidiaDriver({}, (path) => path === '/dev/nvidiactl'),
    true,
  );
  assert.equal(
    hasNvidiaDriver({ MOTION_ENHANCER_CUDA: '0' }, () => true),
    false,
  );
  assert.equal(
    hasNvidiaDriver({ MOTION_ENHANCER_CUDA: '1' }, () => false),
    true,
  );
});

test('a missing or old compiler is named with the command that brings one', async () => {
  const absent = async () => ({ code: 127, stdout: '', stderr: '', missing: true });
  await assert.rejects(findCompiler({}, absent), setupError(/g\+\+ is not installed/, /apt-get install g\+\+/));
  await assert.rejects(findCompiler({ CXX: 'clang++-99' }, absent), setupError(/clang\+\+-99/, /CXX=/));
  const says = (stdout) => async () => ({ code: 0, stdout, stderr: '', missing: false });
  await assert.rejects(
    findCompiler({}, says('g++ (Ubuntu 7.5.0-3ubuntu1~18.04) 7.5.0\n')),
    setupError(/7\.5\.0/, /g\+\+-12/),
  );
  for (const line of [
    'g++ (Debian 12.2.0-14+deb12u1) 12.2.0',
    'g++ (GCC) 11.5.0 20240719 (Red Hat 11.5.0-5)',
    'Debian clang version 14.0.6',
  ]) {
    assert.deepEqual(await findCompiler({}, says(`${line}\nmore`)), { program: 'g++', version: line });
  }
});

test('missing python3 and missing pip are told apart', async () => {
  await assert.rejects(
    checkPip(async () => ({ code: 127, missing: true })),
    setupError(/, and python3, which/, /apt-get install python3 python3-pip[\s\S]*LIBTORCH=/),
  );
  await assert.rejects(
    checkPip(async () => ({ code: 1, missing: false })),
    setupError(/python3's pip/, /apt-get install python3-pip[\s\S]*LIBTORCH=/),
  );
});

test("pip's failures are sorted by cause", () => {
  const offline =
    'WARNING: Retrying: NewConnectionError: Failed to establish a new connection: [Errno -3] Temporary failure in name resolution\n' +
    'ERROR: Could not find a version that satisfies the requirement torch==2.13.0\nERROR: No matching distribution found for torch==2.13.0';
  const none =
    'ERROR: Could not find a version that satisfies the requirement torch==2.13.0 (from versions: 2.9.0)\nERROR: No matching distribution found for torch==2.13.0';
  const nothing = none.replace('2.9.0', 'none');
  assert.equal(classifyPipFailure(nothing), 'nothing');
  setupError(/out of reach, or does not offer it/, /LIBTORCH=/)(pipError('torch==2.13.0', nothing));
  const full = 'ERROR: Could not install packages due to an OSError: [Errno 28] No space left on device';
  assert.equal(classifyPipFailure(offline), 'network');
  assert.equal(classifyPipFailure(none), 'no-match');
  assert.equal(classifyPipFailure(full), 'disk');
  assert.equal(classifyPipFailure('ERROR: something new'), 'other');
  setupError(/cannot reach its package index/, /LIBTORCH=/)(pipError('torch==2.13.0', offline));
  setupError(/no wheel of torch==2\.13\.0/, /LIBTORCH=/)(pipError('torch==2.13.0', none));
  setupError(/disk is full/, /XDG_CACHE_HOME=/)(pipError('torch==2.13.0', full));
  setupError(
    /ERROR: something new/,
    /pip download --no-deps torch==2\.13\.0/,
  )(pipError('torch==2.13.0', 'ERROR: something new'));
});

test('compiler failures are sorted by cause', () => {
  setupError(
    /ran out of memory on a\.cc/,
    /taskset/,
  )(compileError('a.cc', 'g++: fatal error: Killed signal terminated program cc1plus'));
  setupError(
    /disk is full/,
    /free some space/,
  )(compileError('a.cc', 'fatal error: error writing to /tmp/x.s: No space left on device'));
  setupError(
    /a\.cc does not compile:\na\.cc:3:1: error: expected/,
    /CXX=/,
  )(compileError('a.cc', 'a.cc:3:1: error: expected declaration\n'));
});

test('checkSpace compares bytes', () => {
  checkSpace('/x', 4096 * 10, () => ({ bavail: 10, bsize: 4096 }));
  assert.throws(
    () => checkSpace('/x', 4096 * 10 + 1, () => ({ bavail: 10, bsize: 4096 })),
    setupError(/only 0\.0 MB are left/, /XDG_CACHE_HOME=/),
  );
});

test('fillCache is all or nothing', async (t) => {
  const root = mkdtempSync(join(tmpdir(), 'setup-cache-'));
  t.after(() => rmSync(root, { recursive: true }));
  const folder = join(root, 'thing');
  let fills = 0;
  const fill = async (temporary) => {
    fills++;
    mkdirSync(join(temporary, 'lib'));
    writeFileSync(join(temporary, 'lib/a.so'), 'abc');
    return { files: { 'lib/a.so': 3 } };
  };
  await assert.rejects(
    fillCache(folder, 1, async (temporary) => {
      await fill(temporary);
      throw new Error('cut off');
    }),
    /cut off/,
  );
  assert.deepEqual(readdirSync(root), []);
  await assert.rejects(
    fillCache(folder, 1, async () => {
      throw Object.assign(new Error('full'), { code: 'ENOSPC' });
    }),
    setupError(/disk is full/, /XDG_CACHE_HOME=/),
  );
  writeFileSync(join(root, 'file'), '');
  await assert.rejects(
    fillCache(join(root, 'file/thing'), 1, fill),
    setupError(/cannot be written/, /XDG_CACHE_HOME=/),
  );
  rmSync(join(root, 'file'));
  assert.equal((await fillCache(folder, 1, fill)).files['lib/a.so'], 3);
  await fillCache(folder, 1, () => assert.fail('a complete folder is filled again'));
  // Damage is seen by size, and mended.
  writeFileSync(join(folder, 'lib/a.so'), 'ab');
  assert.equal(readManifest(folder), undefined);
  await fillCache(folder, 1, fill);
  assert.equal(fills, 3);
  assert.deepEqual(readdirSync(root), ['thing']);
});

test('exec reports a missing program, a failure and a time-out without throwing', async () => {
  assert.equal((await exec('no-such-program-here', [])).missing, true);
  assert.equal((await exec('sh', ['-c', 'echo out; echo err >&2; exit 3'])).code, 3);
  const late = await exec('sleep', ['20'], { timeoutMs: 50 });
  assert.equal(late.timedOut, true);
  assert.notEqual(late.code, 0);
});
