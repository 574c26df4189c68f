import assert from 'node:assert/strict';
import { test } from 'node:test';
import { internvl3Fixture, randomText, t5Fixture } from './test-fixtures.js';
import { findWord, groupWords, tokensOfSpan, wordSpans } from './words.js';

const wordsOf = (text: string) => wordSpans(text).map(([start, end]) => text.slice(start, end));

test('words: letters, digits, apostrophes, hyphens; no punctuation, no emoji', () => {
  assert.deepEqual(wordsOf("A panda's left-hand — it’s 3:45pm, 1,000.5 (ok)!"), [
    'A',
    "panda's",
    'left-hand',
    'it’s',
    '3:45pm',
    '1,000.5',
    'ok',
  ]);
  assert.deepEqual(wordsOf("'quoted' end- -start 🏃‍♂️ ... ☃"), ['quoted', 'end', 'start']);
  assert.deepEqual(wordsOf('naïve cafe\u0301'), ['naïve', 'cafe\u0301']);
  assert.deepEqual(wordsOf(''), []);
});

test('text without blanks is cut by dictionary', () => {
  const words = wordsOf('熊猫在弹吉他。');
  assert.ok(words.length >= 3 && words.includes('熊猫'), words.join('|'));
  assert.equal(words.join(''), '熊猫在弹吉他');
});

test('T5: sub-words and the blank piece belong to the word, punctuation and the end mark to none', () => {
  const text = 'a panda, dressed';
  const tokens = t5Fixture().encode(text, { maxLength: 226, padToMaxLength: true });
  const words = groupWords(text, tokens);
  assert.deepEqual(
    words.map((word) => word.text),
    ['a', 'panda', 'dressed'],
  );
  assert.deepEqual(
    words.map((word) => word.tokens),
    [[0, 1], [2, 3, 4], [6]],
  );
});

test('the words of the prior are found in the chat text by span', () => {
  const prompt = 'A panda plays.';
  const chat = '<|im_start|>user\nWhat does the PANDA do?<|im_end|>\n<|im_start|>assistant\nIt plays, panda-like.';
  const tokens = internvl3Fixture().encode(chat);
  const found = wordsOf(prompt).map((word) =>
    findWord(chat, word).map(([start, end]) => tokensOfSpan(tokens, start, end)),
  );
  assert.deepEqual(
    found.map((places) => places.length),
    [0, 1, 1],
  );
  const decoded = found[1]![0]!.map((at) => tokens.ids[at]!);
  assert.equal(internvl3Fixture().decode(decoded), ' PANDA');
  assert.deepEqual(tokensOfSpan(tokens, 0, '<|im_start|>'.length), []);
});

test('every word of any text gets the tokens that overlap it, in both tokenizers', () => {
  for (let i = 0; i < 60; i++) {
    const text = `${randomText(6)} motion ${randomText(3)}`;
    for (const tokenizer of [t5Fixture(), internvl3Fixture()]) {
      const tokens = tokenizer.encode(text);
      for (const word of groupWords(text, tokens)) {
        assert.equal(text.slice(word.start, word.end), word.text);
        for (const at of word.tokens) {
          const [start, end] = tokens.spans[at]!;
          assert.ok(start < word.end && end > word.start);
        }
      }
      const word = groupWords(text, tokens).find(({ text }) => text === 'motion')!;
      assert.ok(
        tokenizer
          .decode(word.tokens.map((at) => tokens.ids[at]!))
          .trim()
          .endsWith('motion'),
      );
    }
  }
});
