import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { compileBinding, cppStandard, inParallel } from './compile.mjs';
import { hashParts, objectKey, parseDependencies } from './compile-key.mjs';
import { exec } from './exec.mjs';
import { sharedIncludes } from './precompile.mjs';

function temporary(t) {
  const folder = mkdtempSync(join(tmpdir(), 'setup-compile-'));
  t.after(() => rmSync(folder, { recursive: true }));
  return folder;
}

test('hashParts depends on every part and on where it ends', () => {
  const hashes = [['ab', 'c'], ['a', 'bc'], ['abc'], ['ab', 'c', ''], ['ab', 'd']].map(hashParts);
  assert.equal(new Set(hashes).size, hashes.length);
  assert.equal(hashParts(['ab', 'c']), hashes[0]);
});

test('objectKey changes with a header, a flag and a name, and is undefined when a file is gone', (t) => {
  const folder = temporary(t);
  const [a, b] = ['a.cc', 'b.h'].map((name) => join(folder, name));
  writeFileSync(a, 'int a;');
  writeFileSync(b, 'int b;');
  const first = objectKey([a, b], ['g++', '-O2']);
  assert.equal(objectKey([a, b], ['g++', '-O2']), first);
  assert.notEqual(objectKey([a, b], ['g++', '-O3']), first);
  assert.notEqual(objectKey([a], ['g++', '-O2']), first);
  writeFileSync(b, 'long b;');
  assert.notEqual(objectKey([a, b], ['g++', '-O2']), first);
  rmSync(b);
  assert.equal(objectKey([a, b], ['g++', '-O2']), undefined);
});

test("parseDependencies keeps the project's files, with spaces in their names, and not what is built", () => {
  const text =
    'x.o: /p/native/a.cc /usr/include/b.h \\\n /p/native/with\\ space.h /p/native/a.cc \\\n /p/native/build/pch/shared.h\n';
  assert.deepEqual(parseDependencies(text, '/p/native', '/p/native/build'), [
    '/p/native/a.cc',
    '/p/native/with space.h',
  ]);
});

test('cppStandard follows what libtorch insists on', (t) => {
  const folder = temporary(t);
  assert.equal(cppStandard([folder]), 'c++17');
  mkdirSync(join(folder, 'ATen'));
  writeFileSync(join(folder, 'ATen/ATen.h'), '#if !defined(_MSC_VER) && __cplusplus < 202002L\n#error C++20\n#endif\n');
  assert.equal(cppStandard([folder]), 'c++20');
});

test("sharedIncludes gathers the headers' outside includes once, sorted", (t) => {
  const folder = temporary(t);
  writeFileSync(join(folder, 'a.h'), '#pragma once\n#include <vector>\n#include "b.h"\n#include <ATen/Tensor.h>\n');
  writeFileSync(join(folder, 'b.h'), '#include <vector>\n');
  writeFileSync(join(folder, 'c.cc'), '#include <torch/torch.h>\n');
  assert.deepEqual(sharedIncludes(folder), ['#include <ATen/Tensor.h>', '#include <vector>']);
});

test('inParallel keeps its limit and passes on the first failure', async () => {
  let running = 0;
  let most = 0;
  const done = [];
  await inParallel([1, 2, 3, 4, 5], 2, async (item) => {
    most = Math.max(most, ++running);
    await new Promise((resolve) => setTimeout(resolve, 5));
    running--;
    done.push(item);
  });
  assert.equal(most, 2);
  assert.deepEqual(done.sort(), [1, 2, 3, 4, 5]);
  const started = [];
  await assert.rejects(
    inParallel([1, 2, 3, 4], 1, async (item) => {
      started.push(item);
      if (item === 2) throw new Error('second');
    }),
    /second/,
  );
  assert.deepEqual(started, [1, 2]);
});

test('an addon is compiled, loads, and afterwards only what changed is compiled again', async (t) => {
  const compiler = await exec('g++', ['--version']);
  if (compiler.code !== 0) return t.skip('no g++ on this machine');
  const sourceDir = temporary(t);
  const buildDir = join(sourceDir, 'build');
  const headers = join(dirname(fileURLToPath(import.meta.url)), '../../node_modules/node-api-headers/include');
  const answer = 1 + Math.floor(Math.random() * 1e6);
  writeFileSync(join(sourceDir, 'answer.h'), 'int answer();\n');
  writeFileSync(join(sourceDir, 'answer.cc'), `#include "answer.h"\nint answer() { return ${answer}; }\n`);
  writeFileSync(
    join(sourceDir, 'module.cc'),
    '#include <node_api.h>\n#include "answer.h"\nstatic napi_value init(napi_env env, napi_value exports) {\n  napi_value v;\n' +
      '  napi_create_int32(env, answer(), &v);\n  napi_set_named_property(env, exports, "answer", v);\n  return exports;\n}\nNAPI_MODULE(test, init)\n',
  );
  const build = (identity = 'torch 1') =>
    compileBinding({
      sourceDir,
      buildDir,
      includeDirs: [headers],
      libDirs: [],
      libraries: [],
      defines: ['NAPI_VERSION=8'],
      compiler: { program: 'g++', version: compiler.stdout.split('\n')[0] },
      identity,
    });
  assert.deepEqual(await build(), { compiled: 2, linked: true, failed: {} });
  assert.equal(createRequire(import.meta.url)(join(buildDir, 'libtorch_node.node')).answer, answer);
  const { mtimeMs } = statSync(join(buildDir, 'libtorch_node.node'));
  assert.deepEqual(await build(), { compiled: 0, linked: false, failed: {} });
  assert.equal(statSync(join(buildDir, 'libtorch_node.node')).mtimeMs, mtimeMs);
  writeFileSync(join(sourceDir, 'answer.cc'), `#include "answer.h"\nint answer() { return ${answer + 1}; }\n`);
  assert.deepEqual(await build(), { compiled: 1, linked: true, failed: {} });
  writeFileSync(join(sourceDir, 'answer.h'), '// changed\nint answer();\n');
  assert.equal((await build()).compiled, 2);
  assert.equal((await build('torch 2')).compiled, 2);
  writeFileSync(join(sourceDir, 'answer.cc'), 'int answer( { return 1; }\n');
  await assert.rejects(build('torch 2'), /answer\.cc does not compile:[\s\S]*error/);
  // A failed build leaves the last good addon and takes nothing for done.
  assert.ok(statSync(join(buildDir, 'libtorch_node.node')).size > 0);
  await assert.rejects(build('torch 2'), /does not compile/);
});

test('what the binding can do without is left out when it does not compile, and not tried again until it changes', async (t) => {
  const compiler = await exec('g++', ['--version']);
  if (compiler.code !== 0) return t.skip('no g++ on this machine');
  const sourceDir = temporary(t);
  const buildDir = join(sourceDir, 'build');
  const headers = temporary(t);
  writeFileSync(join(sourceDir, 'main.cc'), 'int main_part() { return 1; }\n');
  writeFileSync(join(sourceDir, 'extra.cc'), '#include <extra.h>\nint extra() { return EXTRA; }\n');
  const build = (extra) =>
    compileBinding({
      sourceDir,
      buildDir,
      includeDirs: [],
      libDirs: [],
      libraries: [],
      defines: [],
      compiler: { program: 'g++', version: compiler.stdout.split('\n')[0] },
      identity: 'torch 1',
      extras: { 'extra.cc': extra },
    });
  assert.deepEqual(await build(null), { compiled: 1, linked: true, failed: {} });
  const broken = { includeDirs: [headers], identity: 'release 1' };
  const first = await build(broken);
  assert.deepEqual([first.compiled, first.linked], [1, false]);
  assert.match(first.failed['extra.cc'], /fatal error: extra\.h/);
  assert.deepEqual(await build(broken), { compiled: 0, linked: false, failed: first.failed });
  writeFileSync(join(headers, 'extra.h'), '#define EXTRA 2\n');
  assert.deepEqual(await build({ ...broken, identity: 'release 2' }), { compiled: 1, linked: true, failed: {} });
  assert.deepEqual(await build(null), { compiled: 0, linked: true, failed: {} });
});
