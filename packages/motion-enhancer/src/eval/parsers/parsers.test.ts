import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { UserError } from '@motion-enhancer/support';
import { fixture } from '@motion-enhancer/support/testing';
import { betterAnswer, PARSER_NAMES, PARSERS, type ParserName, parserOf } from './index.js';

const golden = JSON.parse(readFileSync(fixture('goldens/answer_parsing.json'), 'utf8'));
const options = Object.entries(golden.choices_for_can_infer as Record<string, string>).map(([letter, text]) => ({
  letter,
  text,
}));

const COLUMNS: [column: string, parser: ParserName][] = [
  ['motionbench_polish', 'motionbench-polish'],
  ['vlmevalkit_videomme', 'vlmevalkit-regex'],
  ['vlmevalkit_can_infer', 'vlmevalkit-can-infer'],
  ['lmms_motionbench', 'lmms-motionbench'],
  ['lmms_mcq_ABCD', 'lmms-mcq-abcd'],
  ['lmms_mcq_default', 'lmms-mcq'],
  ['lmms_seedbench_first_char', 'lmms-first-char'],
];

for (const [column, name] of COLUMNS)
  test(`${name} reads the golden's replies as its authors' function does`, () => {
    for (const row of golden.parse)
      assert.equal(PARSERS[name].raw(row.in, { options }), row[column] || '', JSON.stringify(row.in));
  });

test('of two answers to one uid the old one stays where it holds a letter', () => {
  for (const { new: fresh, old, out } of golden.motionbench_get_better_one) assert.equal(betterAnswer(fresh, old), out);
  assert.equal(betterAnswer('B', ''), 'B');
});

test('Video-MME’s own parser reads as its authors’ function does', () => {
  const { parse } = JSON.parse(readFileSync(fixture('evaluation/videomme_accuracy.json'), 'utf8'));
  for (const { in: reply, out } of parse) assert.equal(PARSERS.videomme.raw(reply, { options }), out, reply);
});

test('traps of the table in docs/evaluation-grading.md', () => {
  const read = (name: ParserName, reply: string) => PARSERS[name].parse(reply, { options });
  assert.equal(read('motionbench-polish', 'The answer is C'), null, 'raw T');
  assert.equal(PARSERS['motionbench-polish'].raw('The answer is C', { options }), 'T');
  assert.equal(read('vlmevalkit-regex', 'Best answer: A'), 'B', 'a prefix that is never removed');
  assert.equal(read('vlmevalkit-regex', 'Option A is wrong, so … C'), 'A');
  assert.equal(read('vlmevalkit-can-infer', 'B. A man walks'), null);
  assert.equal(read('vlmevalkit-can-infer', 'The answer is not A'), 'A');
  assert.equal(read('lmms-motionbench', 'the ball'), null, 'an E that is no option');
  assert.equal(PARSERS['lmms-motionbench'].raw('the ball', { options }), 'E');
  assert.equal(read('lmms-mcq', 'I think the answer is B, not A.'), 'A');
  assert.equal(read('lmms-first-char', '(C)'), null);
  assert.equal(read('vlmevalkit-videomme', 'no letter'), null);
  assert.equal(PARSERS['vlmevalkit-videomme'].raw('no letter', { options }), 'Z');
  assert.equal(
    PARSERS['vlmevalkit-videomme'].raw('it was red', { options: [], question: 'Which?\nA. red\nB. blue' }),
    'A',
    'options of the question’s own lines',
  );
  assert.equal(read('vlmevalkit-motionbench', 'Action. (B) it'), 'B');
  assert.equal(read('vlmevalkit-motionbench', 'A man'), 'A');
});

test('a letter that is no option is unparsed, whatever the case', () => {
  const two = { options: options.slice(0, 2) };
  for (const name of PARSER_NAMES) assert.equal(PARSERS[name].parse('D', two), null, name);
  assert.equal(PARSERS['motionbench-polish'].parse('a', two), null, 'case is kept');
  assert.equal(PARSERS['lmms-first-char'].parse('a', two), 'A', 'case is not');
});

test('every parser has a name of its own, words and a source; unknown names are reported', () => {
  for (const name of PARSER_NAMES) {
    assert.equal(parserOf(name).name, name);
    assert.ok(parserOf(name).description.length > 10 && parserOf(name).source);
  }
  for (const name of ['lenient', 'toString', ''])
    assert.throws(
      () => parserOf(name),
      (e) => e instanceof UserError && e.message.includes('strict'),
    );
});

test('Python’s white space and letters, not JavaScript’s', () => {
  const raw = (name: ParserName, reply: string) => PARSERS[name].raw(reply, { options });
  assert.equal(raw('lmms-first-char', '\x1cB'), 'B', 'a file separator is white space');
  assert.equal(raw('lmms-first-char', '\ufeffB'), '\ufeff', 'a byte-order mark is none');
  assert.equal(raw('lmms-first-char', '😀'), '😀');
  assert.equal(raw('lmms-motionbench', '答案B不是 A'), 'A', 'B stands within a word');
  assert.equal(raw('lmms-mcq', 'Bé'), 'B', 'fallback: é is a letter');
});
