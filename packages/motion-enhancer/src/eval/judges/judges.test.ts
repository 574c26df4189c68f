import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { UserError } from '@motion-enhancer/support';
import { fixture } from '@motion-enhancer/support/testing';
import { JUDGE_NAMES, judgeOf } from './index.js';

const golden = JSON.parse(readFileSync(fixture('goldens/answer_parsing.json'), 'utf8'));
const options = ['Pan left', 'Pan left then tilt up', 'Zoom in', 'Static', 'pan left slowly'];

test('FAVOR’s judge, before and since 2025-05-16, as the golden says', () => {
  for (const row of golden.favor_judge) {
    assert.equal(judgeOf('favor').judge(row.output, row), row.judge_since_2025_05_16, row.output);
    assert.equal(judgeOf('favor-before').judge(row.output, row), row.judge_before, row.output);
  }
});

test('a longer option that contains the right one in its own case makes the answer wrong', () => {
  const row = { options, correct: 'Pan left' };
  for (const [reply, since, before] of [
    ['pan left then TILT UP', false, true],
    ['pan left slowly', true, true], // Contains "Pan left" only when case is ignored.
    ['Zoom in', false, false],
    ['A', false, false],
    ['PAN LEFT', true, true],
  ] as const) {
    assert.equal(judgeOf('favor').judge(reply, row), since, reply);
    assert.equal(judgeOf('favor-before').judge(reply, row), before, reply);
  }
  assert.equal(judgeOf('favor').judge('Pan left then tilt up', { options, correct: options[1]! }), true);
});

test('MotionSight: the letter anywhere', () => {
  const judge = judgeOf('motionsight');
  assert.equal(judge.judge('Action B', { options, correct: 'Pan left' }), true);
  assert.equal(judge.judge('action b', { options, correct: 'Pan left' }), false);
  assert.equal(judge.judge('A', { options, correct: 'elsewhere' }), false, 'an answer that is no option');
});

test('a parser judges by the right option’s letter', () => {
  for (const name of ['strict', 'lmms-mcq', 'vlmevalkit-can-infer']) {
    const judge = judgeOf(name);
    assert.equal(judge.judge('C', { options, correct: 'Zoom in' }), true);
    assert.equal(judge.judge('B', { options, correct: 'Zoom in' }), false);
    assert.equal(judge.parse!('C', { options, correct: 'Zoom in' }), 'C');
  }
  assert.equal(judgeOf('strict').judge('Q', { options: ['x', 'y'], letters: ['P', 'Q'], correct: 'y' }), true);
  const twins = { options: ['x', 'x'], correct: 'x', answer: 'B' };
  assert.equal(judgeOf('strict').judge('B', twins), true);
  assert.equal(judgeOf('strict').judge('A', twins), false);
  assert.equal(judgeOf('strict').judge('no answer', { options, correct: 'elsewhere' }), false, 'null is never right');
});

test('unknown judges are reported', () => {
  for (const name of JUDGE_NAMES) assert.equal(judgeOf(name).name, name);
  assert.throws(
    () => judgeOf('gpt'),
    (e) => e instanceof UserError && e.message.includes('favor-before'),
  );
});
