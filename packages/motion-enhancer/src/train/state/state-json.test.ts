import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { temporaryFolder } from '@motion-enhancer/support/testing';
import { testRecipe } from '../testing.js';
import { readStateJson, stateJson } from './state-json.js';

const path = join(temporaryFolder(), 'state.json');
const state = {
  ...{ step: 12, place: 34, taken: 1, broken: [3, 70], lambda: 0.0123456789, rowSum: 1e-7 },
  ...{ generators: { cpu: 'AAEC' }, recipe: testRecipe(), data: 'd'.repeat(64), sha256: 's'.repeat(64) },
};

test('what was written comes back; a flipped bit anywhere is noticed, or changes no value', () => {
  const text = stateJson(state);
  writeFileSync(path, text);
  const whole = readStateJson(path);
  assert.deepEqual(whole, { format: 2, ...state });
  const bytes = Buffer.from(text);
  let noticed = 0;
  for (let at = 0; at < bytes.length; at++) {
    const flipped = Buffer.from(bytes);
    flipped[at]! ^= 1 << (at % 8);
    writeFileSync(path, flipped);
    let read: unknown;
    try {
      read = readStateJson(path);
    } catch {
      noticed++;
      continue;
    }
    // A blank between two fields became a tab or a line end.
    assert.deepEqual(read, whole, `byte ${at}`);
  }
  assert.ok(noticed > bytes.length / 2);
});

test('every other digit of the format is noticed too', () => {
  const text = stateJson(state);
  for (const format of '013456789') {
    writeFileSync(path, text.replace('"format": 2', `"format": ${format}`));
    assert.throws(() => readStateJson(path), /does not match its hash/);
  }
});

test('states of format 1 are read', () => {
  const old = { format: 1, ...state };
  writeFileSync(path, `${JSON.stringify(old, null, 2)}\n`);
  assert.deepEqual(readStateJson(path), old);
  assert.ok(!readFileSync(path, 'utf8').includes('self'));
});
