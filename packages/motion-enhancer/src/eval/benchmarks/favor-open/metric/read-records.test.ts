import assert from 'node:assert/strict';
import { test } from 'node:test';
import { freshSeed, randomSource } from '@motion-enhancer/support/testing';
import { pyStrip } from '../../../parsers/python-text.js';
import { readCaption } from './caption/read-caption.js';
import { readCameraMotion, readChronologicalList, readMotionList } from './read-records.js';

const seed = freshSeed();
test(`records are read as upstream's regular expressions match (seed ${seed})`, () => {
  const { below } = randomSource(seed);
  const parts = [
    'Subject 1',
    'Subject 22',
    ':',
    ' ',
    '  ',
    '\n',
    '\t',
    '[',
    ']',
    '(',
    ')',
    'a',
    'b c',
    ',',
    ' and ',
    '\r',
  ];
  let matched = 0;
  for (let k = 0; k < 30_000; k++) {
    const text = Array.from({ length: 1 + below(14) }, () => parts[below(parts.length)]!).join('');
    const described = [...text.matchAll(/Subject (\d+):?\s+(.*?)\s*\[(.*?)\]/g)];
    if (described.length > 0) {
      matched++;
      const wanted = new Map(described.map(([, id, description]) => [Number(id), pyStrip(description!)]));
      assert.deepEqual(readMotionList(text).subjects, wanted, JSON.stringify(text));
    }
    const told = text.replaceAll('[', '(').replaceAll(']', ')').replaceAll('Subject 1)', 'Subject 1');
    const ordered = [...told.matchAll(/(.*?)\s*\(Subject (\d+)\)/g)].filter(([, action]) => pyStrip(action!) !== '');
    if (/\(Subject (\d+)\)/.test(told))
      assert.deepEqual(
        readChronologicalList(told).map(([, subject]) => subject),
        ordered.map(([, , id]) => Number(id)),
        JSON.stringify(told),
      );
  }
  assert.ok(matched > 100, String(matched));
});

test('an action before its subject is the end of a line, blanks between may be line ends', () => {
  assert.deepEqual(readChronologicalList('x\nwalks in \n\n (Subject 1), sits (Subject 2)\n(Subject 3)'), [
    ['walks in', 1],
    [', sits', 2],
  ]);
});

test('texts of a hundred thousand blanks, marks or brackets take no time to speak of', () => {
  const blanks = ' '.repeat(100_000);
  const began = performance.now();
  for (const fill of [blanks, '\n'.repeat(100_000), '!'.repeat(100_000), '['.repeat(100_000)])
    for (const text of [fill, `Subject 1: x${fill}y`, `walks${fill}(Subject 1${fill}`, `a man walks${fill}and sits`]) {
      readMotionList(text);
      readMotionList(`Subject 1 [a;${text}]`);
      readChronologicalList(text);
      readCameraMotion(text);
      readCaption(text);
    }
  // Cubic: hours.
  assert.ok(performance.now() - began < 10_000, `${performance.now() - began} ms`);
});
