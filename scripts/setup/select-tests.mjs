import { readdirSync } from 'node:fs';
import { join } from 'node:path';

const SKIP = new Set(['node_modules', '.git', 'native', 'bundle', 'out', 'test']);

/** Paths of all files of the repository in which tests may lie, relative to its root, in a fixed order. */
export function listFiles(root, folder = '') {
  return readdirSync(join(root, folder), { withFileTypes: true })
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .flatMap((entry) => {
      const path = folder === '' ? entry.name : `${folder}/${entry.name}`;
      if (entry.isDirectory()) return SKIP.has(entry.name) ? [] : listFiles(root, path);
      return entry.isFile() ? [path] : [];
    });
}

/**
 * The test files among `files`: scripts/**\/*.test.mjs, and packages/*\/dist/**\/*.test.js whose source still exists (tsc
 * does not remove what it once wrote). With `wanted`, only those whose source or built path holds one of its texts.
 */
export function selectTests(files, wanted = []) {
  const present = new Set(files);
  const tests = files.flatMap((path) => {
    if (/^scripts\/.*\.test\.mjs$/.test(path)) return [{ path, source: path }];
    const built = /^(packages\/[^/]+)\/dist\/(.*\.test)\.js$/.exec(path);
    const source = built && `${built[1]}/src/${built[2]}.ts`;
    return source && present.has(source) ? [{ path, source }] : [];
  });
  const matches = ({ path, source }) =>
    wanted.length === 0 || wanted.some((text) => path.includes(text) || source.includes(text));
  return tests.filter(matches).map(({ path }) => path);
}
