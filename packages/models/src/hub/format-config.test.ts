import assert from 'node:assert/strict';
import { test } from 'node:test';
import { formatConfig } from './format-config.js';

test('floats keep their spelling, integers stay integers', () => {
  const source =
    '{"a": 1.0, "b": 1, "c": 1e-6, "text": "2.0 \\" 3.0", "sub": {"theta": 1e6, "n": [1.0, 2]}, "rope_theta": 5}';
  const text = formatConfig(JSON.parse(source), source);
  assert.deepEqual(JSON.parse(text), JSON.parse(source));
  assert.match(text, /"a": 1\.0,/);
  assert.match(text, /"b": 1,/);
  assert.match(text, /"c": 1e-6,/);
  assert.match(text, /"theta": 1e6,/);
  assert.match(text, /1\.0,\s+2\s/);
  assert.match(text, /"rope_theta": 5\s/);
});

test('changed and new values', () => {
  const text = formatConfig(
    { a: 2, b: 3, rope_theta: 10000, initializer_range: 0.02, word: 'x' },
    '{"a": 1.5, "b": 1}',
  );
  assert.deepEqual(JSON.parse(text), { a: 2, b: 3, rope_theta: 10000, initializer_range: 0.02, word: 'x' });
  assert.match(text, /"a": 2\.0,/);
  assert.match(text, /"b": 3,/);
  assert.match(text, /"rope_theta": 10000\.0,/);
});
