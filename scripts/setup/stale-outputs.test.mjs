import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { removeStaleOutputs, staleOutputs } from './stale-outputs.mjs';

test('what tsc made of a source that is gone is removed, and nothing else', (t) => {
  const root = mkdtempSync(join(tmpdir(), 'stale-'));
  t.after(() => rmSync(root, { recursive: true }));
  const write = (path, text = '') => {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
  };
  const compiled = (path) => {
    const name = path.split('/').at(-1);
    for (const extension of ['js', 'd.ts']) {
      write(`${path}.${extension}`, `export {};\n//# sourceMappingURL=${name}.${extension}.map`);
      write(`${path}.${extension}.map`, `{"version":3,"file":"${name}.${extension}","sources":["../src/${name}.ts"]}`);
    }
  };
  write('packages/a/src/here.ts');
  write('packages/a/src/inside/kernel.cu.ts');
  for (const path of ['here', 'gone', 'inside/kernel.cu', 'inside/gone.test']) compiled(`packages/a/dist/${path}`);
  write('packages/a/dist/mine.js', 'not of tsc');
  write('packages/a/dist/mine.js.map', '{}');
  write('packages/a/dist/.tsbuildinfo', '{}');
  write('packages/a/dist/data.json', '{}');
  compiled('packages/bundled/dist/gone');

  const stale = staleOutputs(root).map((path) => path.slice(root.length + '/packages/a/dist/'.length));
  const endings = ['.d.ts', '.d.ts.map', '.js', '.js.map'];
  const expected = ['gone', 'inside/gone.test'].flatMap((path) => endings.map((ending) => path + ending));
  assert.deepEqual(stale.sort(), expected.sort());
  removeStaleOutputs(root);
  assert.deepEqual(staleOutputs(root), []);
  const left = readdirSync(join(root, 'packages/a/dist'));
  for (const name of ['here.js', 'here.d.ts.map', 'mine.js', 'mine.js.map', '.tsbuildinfo', 'data.json'])
    assert.ok(left.includes(name), name);
  assert.deepEqual(readdirSync(join(root, 'packages/bundled/dist')).length, 4);
});
