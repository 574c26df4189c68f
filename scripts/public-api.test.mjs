// What users of the packages may import is a promise: this list changes on purpose only (UPDATE_GOLDEN=1 rewrites it).
import assert from 'node:assert/strict';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const GOLDEN = join(root, 'test/fixtures/public-api.txt');

/** A source without comments, where brackets and words could mislead. */
const code = (path) => readFileSync(path, 'utf8').replace(/\/\*[\s\S]*?\*\/|^\s*\/\/.*$/gm, '');

/** The names that a source file exports, types marked. */
function exportsOf(path) {
  const source = code(path);
  const listed = [...source.matchAll(/export\s+(type\s+)?\{([^}]*)\}/g)].flatMap(([, type, names]) =>
    names
      .split(',')
      .map((name) => name.trim())
      .filter(Boolean)
      .map((name) => {
        const marked = type || name.startsWith('type ');
        return (marked ? 'type ' : '') + name.replace(/^type /, '').replace(/.* as /, '');
      }),
  );
  const declared = [
    ...source.matchAll(
      /^export\s+(?:declare\s+|async\s+|abstract\s+)*(const|let|function|class|interface|type)\s+(?!\{)(\w+)/gm,
    ),
  ].map(([, kind, name]) => (kind === 'interface' || kind === 'type' ? `type ${name}` : name));
  return [...listed, ...declared].toSorted();
}

/** One line for each name of each public entry: internals and helpers of tests are no promise. */
function publicNames() {
  return readdirSync(join(root, 'packages')).flatMap((folder) => {
    const manifest = JSON.parse(readFileSync(join(root, 'packages', folder, 'package.json'), 'utf8'));
    return Object.entries(manifest.exports)
      .filter(([entry]) => !entry.includes('*') && entry !== './testing')
      .flatMap(([entry, { source }]) => {
        const names = exportsOf(join(root, 'packages', folder, source));
        assert.ok(names.length > 0, `${manifest.name} ${entry} exports something`);
        return names.map((name) => `${manifest.name}${entry.slice(1)}: ${name}`);
      });
  });
}

test('the public names of every package are those of test/fixtures/public-api.txt', () => {
  const names = publicNames();
  if (process.env.UPDATE_GOLDEN) writeFileSync(GOLDEN, `${names.join('\n')}\n`);
  assert.deepEqual(names, readFileSync(GOLDEN, 'utf8').trimEnd().split('\n'));
});

test('every package names its exports', () => {
  const wrong = readdirSync(join(root, 'packages')).flatMap((folder) =>
    readdirSync(join(root, 'packages', folder, 'src'), { recursive: true, encoding: 'utf8' })
      .filter((path) => path.endsWith('.ts') && /^export \*/m.test(code(join(root, 'packages', folder, 'src', path))))
      .map((path) => `packages/${folder}/src/${path}`),
  );
  assert.deepEqual(wrong, []);
});
