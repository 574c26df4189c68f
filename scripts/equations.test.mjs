// An equation of the paper is found by its number on the line of code that computes it. Equations 1 to 9 are not in the
// list: docs/method.md says why.
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

const packages = join(dirname(dirname(fileURLToPath(import.meta.url))), 'packages');
const NUMBERS = [...[10, 11, 12, 13, 14, 15, 16].map((n) => `Eq ${n}`), ...[1, 2, 3, 4, 5].map((n) => `S${n}`)];

const lines = readdirSync(packages)
  .flatMap((name) =>
    readdirSync(join(packages, name, 'src'), { recursive: true, encoding: 'utf8' }).map((path) =>
      join(packages, name, 'src', path),
    ),
  )
  .filter((path) => path.endsWith('.ts') && !path.endsWith('.test.ts'))
  .flatMap((path) => readFileSync(path, 'utf8').split('\n'));

test('the code that computes an equation is found by its number', () => {
  const missing = NUMBERS.filter((number) => {
    const beside = new RegExp(`// ${number}\\b`);
    return !lines.some((line) => beside.test(line));
  });
  assert.deepEqual(missing, []);
});
