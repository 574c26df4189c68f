import assert from 'node:assert/strict';
import { test } from 'node:test';
import { tellData } from './tell-data.js';

const set = {
  name: 'a',
  path: '/a.json',
  media: '/',
  rows: 3,
  malformed: 0,
  untagged: 0,
  asked: 'all',
  ids: ['x', 'y', 'z'],
};

test('fields that are not used are told once a data set, with the rows that have them', () => {
  assert.deepEqual(tellData([set, { ...set, name: 'b', unused: { tools: 1, rejected: 3 } }], []), [
    'data a (/a.json): 3 of 3 rows',
    'data b (/a.json): 3 of 3 rows',
    'data b: fields that are not used: tools (1 row), rejected (3 rows)',
  ]);
});
