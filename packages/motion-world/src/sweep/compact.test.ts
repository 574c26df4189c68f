import assert from 'node:assert/strict';
import { appendFileSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { temporaryFolder } from '@motion-enhancer/support/testing';
import { compactText } from './compact.js';
import { addResults, readResults } from './results.js';
import { testResult as result, SETUP } from './testing.js';

const other = { ...SETUP, testClips: 7 };
const first = [0, 1, 2, 3, 4, 5].flatMap((seed) => [result('plain', seed, 3 + seed), result('masks', seed, 9)]);
const second = [0, 1].map((seed) => ({ ...result('masks:still', seed, 5), setup: other }));

test('compact results are read as the whole ones, in a file with others and with lines below', () => {
  const path = join(temporaryFolder(), 'r.jsonl');
  writeFileSync(path, compactText(first) + compactText(second));
  addResults(path, [result('masks:mlp', 0, 1)]);
  assert.deepEqual(readResults(path), [...first, ...second, result('masks:mlp', 0, 1)]);
  const whole = first.map((one) => JSON.stringify(one)).join('\n').length;
  assert.ok(compactText(first).length < whole / 2, `${compactText(first).length} of ${whole}`);
  const { setup: _, ...old } = result('masks', 0, 2);
  writeFileSync(path, compactText([old]));
  assert.deepEqual(readResults(path), [old]);
});

test('lines whose head is missing or cut off are left out, not misread', () => {
  const path = join(temporaryFolder(), 'r.jsonl');
  const [head, ...rows] = compactText(first).split('\n');
  writeFileSync(path, rows.join('\n'));
  assert.deepEqual(readResults(path), []);
  writeFileSync(path, `${compactText(second)}${head!.slice(0, -5)}\n${rows.join('\n')}`);
  assert.deepEqual(readResults(path), second, 'nor by an older head');
  writeFileSync(path, compactText(second));
  appendFileSync(path, '{"common":9,"arm":0,"seed":0,"scores":{}}\n[1]\nnull\n3\n');
  assert.deepEqual(readResults(path), second);
  assert.ok(readFileSync(path, 'utf8').endsWith('3\n'));
});
