import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { fixture } from '@motion-enhancer/support/testing';
import { tenths } from './motionsight.js';
import { pyRepr, pyReprText } from './python-repr.js';

const golden = JSON.parse(readFileSync(fixture('evaluation/python_repr.json'), 'utf8')) as {
  lists: { in: string[]; out: string }[];
  tenths: [number, string][];
  ranges: [number, number, 0 | 1][];
};

test('lists of strings as CPython writes them', () => {
  assert.ok(golden.lists.length > 200);
  for (const { in: texts, out } of golden.lists) assert.equal(pyRepr(texts), out);
});

test('every assigned character is printed or escaped as CPython does', () => {
  const wrong: number[] = [];
  for (const [first, last, plain] of golden.ranges)
    for (let code = first; code <= last; code++) {
      const character = String.fromCodePoint(code);
      const shown = pyReprText(character).slice(1, -1);
      if ((shown === character) !== (plain === 1)) wrong.push(code);
    }
  assert.deepEqual(wrong, []);
});

test('the forms of an escape', () => {
  assert.equal(pyReprText('\0\x1f\x7f\x85\u2028\ud800\u{e0001}'), "'\\x00\\x1f\\x7f\\x85\\u2028\\ud800\\U000e0001'");
  assert.equal(pyReprText(`a'b`), `"a'b"`);
  assert.equal(pyReprText(`a"b`), `'a"b'`);
  assert.equal(pyReprText(`a'b"c`), `'a\\'b"c'`);
});

test('times rounded to tenths as Python rounds and writes them', () => {
  for (const [x, text] of golden.tenths) assert.equal(tenths(x), text, String(x));
});
