// Nothing outside the benchmarks' folders and their table asks for a benchmark's name or reaches into a folder.
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { fixture } from '@motion-enhancer/support/testing';
import { benchmarks } from './table.js';

const packages = fixture('../../packages/');
const NAMES = benchmarks().map(({ name }) => name);
const sources = readdirSync(packages, { recursive: true, encoding: 'utf8' })
  .map((path) => path.replaceAll('\\', '/'))
  .filter((path) => /^[\w-]+\/src\/.*\.ts$/.test(path))
  // Tests and what only tests import may name them, and so may parity and the motion world, which writes MotionBench's form.
  .filter(
    (path) => !/\.test\.ts$|\/testing\.ts$|\/testing\/|\/killed-child\.ts$|\/parity\/|^motion-world\//.test(path),
  );
const FOLDERS = new RegExp(`/eval/benchmarks/(?:${NAMES.join('|')})/`);
/** The paper's tables, whose file has them as keys; judges and parsers, of which two are called as the benchmark is. */
const OTHER_NAMES = /\/eval\/(?:paper|judges|parsers)\//;

test('no source outside the folders names a benchmark or imports from its folder; the table alone does', () => {
  assert.ok(sources.length > 300 && sources.some((path) => FOLDERS.test(path)));
  const outside = sources.filter((path) => !FOLDERS.test(path));
  const literal = new RegExp(`['"\`](?:${NAMES.join('|')})['"\`]`);
  const imported = new RegExp(`from '[^']*/(?:${NAMES.join('|')})/`);
  for (const path of outside) {
    const text = readFileSync(packages + path, 'utf8');
    if (!OTHER_NAMES.test(path)) assert.doesNotMatch(text, literal, path);
    if (!path.endsWith('/eval/benchmarks/table.ts')) assert.doesNotMatch(text, imported, path);
  }
});
