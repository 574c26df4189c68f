import assert from 'node:assert/strict';
import { test } from 'node:test';
import { freshSeed, randomSource } from '@motion-enhancer/support/testing';
import { PARSERS } from './index.js';

const options = ['a ball', 'a red ball', 'The dog runs.', 'None of the above'].map((text, i) => ({
  letter: 'ABCD'[i]!,
  text,
}));
const read = (reply: string) => PARSERS.strict.parse(reply, { options });

const READ: [reply: string, letter: string | null][] = [
  ['B', 'B'],
  ['b', 'B'],
  ['(c)', 'C'],
  ['**D**', 'D'],
  ['B.', 'B'],
  ['B) because', 'B'],
  ['C: the dog', 'C'],
  ['\n\nC\n', 'C'],
  ['"A"', 'A'],
  ['[D]', 'D'],
  ['D - none', 'D'],
  ['B\nThe ball is red.', 'B'],
  ['The answer is **D**. Here is why: A is wrong', 'D'],
  ['Answer: B', 'B'],
  ['answer: b', 'B'],
  ['The correct option is (C).', 'C'],
  ['The answer is A because it is round', 'A'],
  ['<think>B. or maybe C.</think>\nA', 'A'],
  ['B. It rolls towards a ball', 'B'],
  ['C, since the red one is a ball', 'C'],
  ['The dog runs', 'C'],
  ['In the video the dog runs.', 'C'],
  ['It is a red ball', 'B'],
  ['none of the above', 'D'],
  // Without doubt or not at all.
  ['', null],
  ['A man walks', null],
  ['The answer is A man who walks', null],
  ['The answer is not A', null],
  ['It is not a ball', null],
  ['It isn’t a ball', null],
  ['a red ball, and the dog runs.', null],
  ['Both B and C are possible', null],
  ['(A) (B) (C) (D)', null],
  ['A. The answer is C', null],
  ['B. a ball', null],
  ['B) A BALL.', null],
  ['Z', null],
  ['E', null],
  ['The answer is E', null],
  ['Action B', null],
  ['Cannot determine the answer', null],
  ['a ballroom', null],
  ['A, B', null],
  ['B. (a red ball), see A', null],
];

test('strict reads what is said without doubt', () => {
  assert.deepEqual(
    READ.map(([reply]) => [reply, read(reply)]),
    READ,
  );
});

test('strict-2 reads the same, and usual forms', () => {
  const read2 = (reply: string) => PARSERS['strict-2'].parse(reply, { options });
  assert.deepEqual(
    READ.map(([reply]) => [reply, read2(reply)]),
    READ,
  );
  const FORMS: [reply: string, letter: string | null][] = [
    ['**Answer:** B', 'B'],
    ['**Answer**: B', 'B'],
    ['**Answer:** **B. a red ball**', 'B'],
    ['The ball is red.\n\n**Answer:** B', 'B'],
    ['<answer>C</answer>', 'C'],
    ['<think>A?</think><answer> (C) </answer>', 'C'],
    ['A is tempting, B is not. <answer>C. The dog runs.</answer>', 'C'],
    ['<answer>none of the above</answer>', 'D'],
    ['<answer>B', 'B'],
    ['$\\boxed{B}$', 'B'],
    ['So the answer is A or B… \\boxed{\\text{B}}', 'B'],
    ['\\boxed{\\textbf{(B)}}.', 'B'],
    ['答案是B', 'B'],
    ['正确答案是：B。', 'B'],
    ['答案：（B）', 'B'],
    ['因此，答案为 **B**，因为球是红的', 'B'],
    ['答案是B选项', 'B'],
    ['我选B', 'B'],
    ['故选：B', 'B'],
    ['Option B', 'B'],
    ['Option B.', 'B'],
    ['**Option B**: a red ball', 'B'],
    ['Option B is correct, for it is red', 'B'],
    ['选项B', 'B'],
    ['选项B正确', 'B'],
    // Without doubt or not at all.
    ['<answer>B</answer> or <answer>C</answer>', null],
    ['\\boxed{A} \\boxed{B}', null],
    ['<answer>A man walks</answer>', null],
    ['<answer></answer>', null],
    ['答案不是B', null],
    ['不选B', null],
    ['不应该选B', null],
    ['答案是A和B', null],
    ['Option A is wrong', null],
    ['Option A, not B', null],
    ['Option A, Option B', null],
    ['**Answer:** A man', null],
    ['\\boxed{E}', null],
    ['Option Z', null],
  ];
  assert.deepEqual(
    FORMS.map(([reply]) => [reply, read2(reply)]),
    FORMS,
  );
  // What strict makes of them: the first version stays as it was.
  assert.deepEqual(['**Answer:** B', '<answer>C</answer>', '答案是B', 'Option B'].map(read), [null, null, null, null]);
});

const seed = freshSeed();
test(`every letter and every text, wrapped at random (seed ${seed})`, () => {
  const { below } = randomSource(seed);
  const pick = <T>(list: readonly T[]): T => list[below(list.length)]!;
  for (let k = 0; k < 300; k++) {
    const { letter, text } = pick(options);
    const said = pick([
      letter,
      `${letter}.`,
      `(${letter})`,
      `${letter}. ${text}`,
      text,
      `The answer is ${letter}.`,
      `Answer: ${letter}`,
    ]);
    const reply = pick(['', ' ', '\n', '**', '"']) + said + pick(['', ' ', '\n', '.']);
    assert.equal(read(reply), letter, JSON.stringify(reply));
    assert.equal(PARSERS['strict-2'].parse(reply, { options }), letter, JSON.stringify(reply));
    const shuffled = options.toSorted(() => below(3) - 1);
    assert.equal(PARSERS.strict.parse(reply, { options: shuffled }), letter, 'the order of options does not matter');
  }
});
