// Imports run downwards only: between packages, and between the folders of the package that holds the method.
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));

/** From the bottom up: a package may import those before it. */
const PACKAGES = [
  ['support', '@motion-enhancer/support'],
  ['libtorch', '@motion-enhancer/libtorch'],
  ['models', '@motion-enhancer/models'],
  ['motion-enhancer', '@motion-enhancer/core'],
  ['motion-world', '@motion-enhancer/motion-world'],
  ['cli', 'motion-enhancer'],
];

/** The folders of packages/motion-enhancer/src from the bottom up; `testing` serves the tests of all. */
const FOLDERS = ['plugins', 'config', 'parallel', 'data', 'prior', 'align', 'view', 'vlm', 'eval', 'train', 'parity'];

const sources = (folder) =>
  readdirSync(join(root, 'packages', folder, 'src'), { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.ts'))
    .map((path) => join('packages', folder, 'src', path));

/** What a file imports: the specifiers of `import … from`, `export … from` and `import(…)`. */
const importsOf = (path) =>
  [...readFileSync(join(root, path), 'utf8').matchAll(/(?:from|import)\s*\(?\s*'([^']+)'/g)].map(([, name]) => name);

const isTest = (path) => /\.test\.ts$|\/testing[^/]*(\.ts$|\/)/.test(path);

test('a package imports only packages below it', () => {
  const wrong = [];
  for (const [place, [folder]] of PACKAGES.entries()) {
    const files = sources(folder);
    assert.ok(files.length > 5, `${folder} has ${files.length} sources`);
    for (const path of files)
      for (const name of importsOf(path)) {
        const target = PACKAGES.findIndex(([, known]) => name === known || name.startsWith(`${known}/`));
        if (target >= place) wrong.push(`${path} imports ${name}`);
        if (name.startsWith('.') && relative(join('packages', folder), join(dirname(path), name)).startsWith('..'))
          wrong.push(`${path} imports ${name}, which is outside its package`);
      }
  }
  assert.deepEqual(wrong, []);
});

test('package.json names exactly the packages of the workspace that are imported', () => {
  for (const [folder] of PACKAGES) {
    const manifest = JSON.parse(readFileSync(join(root, 'packages', folder, 'package.json'), 'utf8'));
    const imported = new Set(sources(folder).flatMap(importsOf));
    const used = PACKAGES.map(([, name]) => name).filter((name) =>
      [...imported].some((one) => one === name || one.startsWith(`${name}/`)),
    );
    const named = Object.keys(manifest.dependencies ?? {}).filter((name) =>
      PACKAGES.some(([, known]) => known === name),
    );
    assert.deepEqual(named.toSorted(), used.filter((name) => name !== manifest.name).toSorted(), folder);
  }
});

test('in the package of the method, a folder imports only folders below it', () => {
  const wrong = [];
  for (const path of sources('motion-enhancer').filter((path) => !isTest(path))) {
    const own = FOLDERS.indexOf(path.split('/')[3]);
    if (own < 0) continue; // The index.
    for (const name of importsOf(path).filter((name) => name.startsWith('.'))) {
      const target = FOLDERS.indexOf(join(dirname(path), name).split('/')[3]);
      if (target > own) wrong.push(`${path} imports ${name}`);
    }
  }
  assert.deepEqual(wrong, []);
});
