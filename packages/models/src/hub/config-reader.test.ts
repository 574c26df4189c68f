import assert from 'node:assert/strict';
import { test } from 'node:test';
import { UserError } from '@motion-enhancer/support';
import { ConfigReader } from './config-reader.js';

const reader = new ConfigReader(
  { layers: 4, eps: 1e-6, tied: false, act: 'silu', sizes: [1, 2], nothing: null, wrong: 'x', text: { heads: 'y' } },
  'DIR/config.json',
);
const message = (body: () => unknown): string => {
  try {
    body();
  } catch (error) {
    assert.ok(error instanceof UserError && error.code === 'ERR_CONFIG');
    return error.message;
  }
  return assert.fail('no error');
};

test('fields come typed, absent and null ones fall back', () => {
  assert.equal(reader.int('layers'), 4);
  assert.equal(reader.float('eps'), 1e-6);
  assert.equal(reader.float('layers'), 4);
  assert.equal(reader.bool('tied', true), false);
  assert.equal(reader.string('act'), 'silu');
  assert.deepEqual(reader.ints('sizes'), [1, 2]);
  assert.equal(reader.oneOf('act', ['silu', 'gelu']), 'silu');
  assert.equal(reader.int('nothing', 7), 7);
  assert.equal(reader.int('absent', null), null);
  assert.equal(reader.has('nothing'), false);
  assert.equal(reader.has('tied'), true);
  assert.equal(reader.has('toString'), false);
});

test('a wrong field is named with its place and what was found', () => {
  assert.match(
    message(() => reader.int('wrong')),
    /^Expected integer for wrong in DIR\/config.json but received "x"\. /,
  );
  assert.match(
    message(() => reader.int('eps')),
    /^Expected integer for eps in .* but received 0.000001\./,
  );
  assert.match(
    message(() => reader.int('wrong', 3)),
    /received "x"/,
  );
  assert.match(
    message(() => reader.int('absent')),
    /received nothing/,
  );
  assert.match(
    message(() => reader.ints('layers')),
    /^Expected list of integers for layers .* received 4\./,
  );
  assert.match(
    message(() => reader.oneOf('act', ['relu', 'gelu'])),
    /^Expected one of relu, gelu for act/,
  );
  assert.match(
    message(() => reader.sub('text').int('heads')),
    /^Expected integer for text.heads in DIR/,
  );
  assert.match(
    message(() => reader.sub('layers')),
    /^Expected object for layers .* received 4\./,
  );
  assert.match(
    message(() => reader.string('toString')),
    /received nothing/,
  );
});
