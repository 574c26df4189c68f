import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseRecord } from './parse-record.js';

test('ids are the characters that the file has', () => {
  for (const id of [
    '9007199254740993',
    '12345678901234567890',
    '-9007199254740993',
    '7.0',
    '1e3',
    '0.30000000000000001',
  ])
    assert.deepEqual(parseRecord(`[{"id" : ${id}, "n": 5}, {"x":{"id":${id}}}]`), [{ id, n: 5 }, { x: { id } }]);
  assert.deepEqual(parseRecord('{"id": 12, "start": 1.50}'), { id: 12, start: 1.5 });
});

test('what looks like an id within a text stays text', () => {
  const value = { id: 'a', text: 'say "id": 9007199254740993, or \\', more: '"id":1.0' };
  assert.deepEqual(parseRecord(JSON.stringify([value, value])), [value, value]);
  const text = `{"text":"\\"id\\": 1.0 \\\\","id":9007199254740993}`;
  assert.deepEqual(parseRecord(text), { text: '"id": 1.0 \\', id: '9007199254740993' });
  assert.throws(() => parseRecord('{"id": 9007199254740993'), SyntaxError);
});
