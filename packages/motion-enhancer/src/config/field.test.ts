import assert from 'node:assert/strict';
import { test } from 'node:test';
import { UserError } from '@motion-enhancer/support';
import { checkValue, describe, type Field, type Fields, pick, resolve } from './field.js';

const FIELDS = {
  steps: { type: 'integer', default: 5, min: 1, max: 1000, text: 'Steps' },
  guidance: { type: 'number', default: 6, min: 0, text: 'Guidance' },
  bias: { type: 'number', default: 0, max: 1, text: 'Bias' },
  offset: { type: 'number', default: 0, text: 'Offset' },
  resume: { type: 'boolean', default: true, text: 'Resume' },
  init: { type: 'choice', choices: ['random', 'inverted'], default: 'random', text: 'Start' },
  name: { type: 'string', default: '', text: 'Name' },
  vdm: { type: 'path', default: '', required: true, text: 'Folder of the diffusion model' },
} as const satisfies Fields;

const ACCEPTED: [keyof typeof FIELDS, unknown, unknown][] = [
  ['steps', 1, 1],
  ['steps', '1000', 1000],
  ['steps', ' 7 ', 7],
  ['guidance', '0', 0],
  ['guidance', '2.5e-1', 0.25],
  ['bias', -3.5, -3.5],
  ['bias', '-3.5', -3.5],
  ['offset', '1e30', 1e30],
  ['resume', 'false', false],
  ['resume', true, true],
  ['init', 'inverted', 'inverted'],
  ['name', '', ''],
  ['name', '--', '--'],
  ['vdm', '/a b', '/a b'],
];
test('values are taken as text and as data', () => {
  for (const [name, raw, value] of ACCEPTED) assert.equal(checkValue(name, FIELDS[name], raw), value, `${name} ${raw}`);
});

const REFUSED: [keyof typeof FIELDS, unknown, string][] = [
  ['steps', 0, 'Expected an integer from 1 to 1000 for steps but received 0.'],
  ['steps', '1001', 'Expected an integer from 1 to 1000 for steps but received "1001".'],
  ['steps', 2.5, 'Expected an integer from 1 to 1000 for steps but received 2.5.'],
  ['steps', '', 'Expected an integer from 1 to 1000 for steps but received "".'],
  ['steps', ' ', 'Expected an integer from 1 to 1000 for steps but received " ".'],
  ['steps', '5x', 'Expected an integer from 1 to 1000 for steps but received "5x".'],
  ['steps', null, 'Expected an integer from 1 to 1000 for steps but received null.'],
  ['steps', true, 'Expected an integer from 1 to 1000 for steps but received true.'],
  ['guidance', -0.1, 'Expected a number of at least 0 for guidance but received -0.1.'],
  ['guidance', 'NaN', 'Expected a number of at least 0 for guidance but received "NaN".'],
  ['guidance', 'Infinity', 'Expected a number of at least 0 for guidance but received "Infinity".'],
  ['bias', 2, 'Expected a number of at most 1 for bias but received 2.'],
  ['offset', Number.NaN, 'Expected a number for offset but received NaN.'],
  ['resume', 'yes', 'Expected true or false for resume but received "yes".'],
  ['resume', 1, 'Expected true or false for resume but received 1.'],
  ['init', 'Random', 'Expected one of random, inverted for init but received "Random".'],
  ['name', 5, 'Expected a text for name but received 5.'],
  ['vdm', ['a'], 'Expected a text for vdm but received a.'],
];
test('what does not fit is refused in the project’s one form', () => {
  for (const [name, raw, message] of REFUSED)
    assert.throws(
      () => checkValue(name, FIELDS[name], raw),
      (e) => e instanceof UserError && e.code === 'ERR_VALUE' && e.message === message,
      message,
    );
});

test('defaults lie within their own limits, and limits are reported', () => {
  for (const [name, field] of Object.entries(FIELDS) as [string, Field][]) {
    assert.equal(checkValue(name, field, field.default), field.default);
    assert.ok(describe(field).length > 0);
  }
  assert.equal(describe(FIELDS.vdm), 'a path');
});

test('resolve: defaults under what is given; undefined counts as not given', () => {
  assert.deepEqual(resolve(FIELDS, { vdm: 'x', steps: '2', name: undefined }), {
    steps: 2,
    guidance: 6,
    bias: 0,
    offset: 0,
    resume: true,
    init: 'random',
    name: '',
    vdm: 'x',
  });
});

test('resolve: unknown names, with the nearest one; required ones', () => {
  assert.throws(
    () => resolve(FIELDS, { vdm: 'x', guidence: 2 }),
    (e) => e instanceof UserError && /no setting guidence\. Did you mean guidance\?/.test(e.message),
  );
  for (const name of ['toString', 'constructor', 'Steps', ''])
    assert.throws(() => resolve(FIELDS, { vdm: 'x', [name]: 1 }), UserError, name);
  for (const given of [{}, { vdm: '' }])
    assert.throws(() => resolve(FIELDS, given), {
      message: 'Expected a path for vdm but received nothing. It is: Folder of the diffusion model.',
    });
  assert.throws(() => resolve(FIELDS, { vdm: 'x', steps: 0 }), /for steps/);
});

test('pick: the values of some fields', () => {
  const { steps, init } = FIELDS;
  assert.deepEqual(pick({ steps, init }, { steps: 3, init: 'random', other: 1 }), { steps: 3, init: 'random' });
});

test('numbers that may be left unsaid, and lists', () => {
  const fields = {
    heat: { type: 'number', default: null, min: 0, text: 'Heat' },
    video: { type: 'paths', default: [], text: 'Videos' },
  } as const satisfies Fields;
  const unsaid: { heat: number | null; video: readonly string[] } = resolve(fields, {});
  assert.deepEqual(unsaid, { heat: null, video: [] });
  assert.deepEqual(resolve(fields, { heat: 0, video: ['a', 'b'] }), { heat: 0, video: ['a', 'b'] });
  assert.deepEqual(resolve(fields, { heat: null, video: 'a' }), { heat: null, video: ['a'] });
  assert.throws(() => resolve(fields, { heat: -1 }), /a number of at least 0 for heat but received -1/);
  assert.throws(() => resolve(fields, { video: ['a', 3] }), /Expected paths for video/);
  assert.deepEqual([describe(fields.video), describe({ ...fields.video, type: 'strings' })], ['paths', 'texts']);
});
