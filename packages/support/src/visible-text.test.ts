import assert from 'node:assert/strict';
import { test } from 'node:test';
import { visibleText } from './visible-text.js';

test('control characters are written out, all other text stays', () => {
  assert.equal(visibleText('\x1b]0;title\x07 \x9b31m red\r\x7f\x00'), '\\x1b]0;title\\x07 \\x9b31m red\\x0d\\x7f\\x00');
  const plain = 'A dog.\n\tÜber 蓝色 🐕 "\\x1b"';
  assert.equal(visibleText(plain), plain);
});
