import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fileName } from './file-name.js';

test('an id that may be a name is it; others get one of their own', () => {
  for (const id of ['a_b', 'clip 7', 'ü', '蓝色', 'a.b', 'x'.repeat(180)]) assert.equal(fileName(id), id);
  const odd = [
    'a/b',
    'a\\b',
    'a\0b',
    '..',
    '.',
    '',
    '/',
    'a\nb',
    '\x1b[31m',
    `${'x'.repeat(300)}1`,
    `${'x'.repeat(300)}2`,
  ];
  const names = odd.map(fileName);
  assert.equal(new Set([...names, 'a_b', '_']).size, odd.length + 2);
  for (const name of names) {
    assert.ok(Buffer.byteLength(name) <= 200, name);
    assert.match(name, /^[^/\\\p{Cc}]+\.[0-9a-f]{8}$/u);
  }
  assert.ok(Buffer.byteLength(fileName('蓝'.repeat(300))) <= 200);
});
