import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { loadTokenizer } from '@motion-enhancer/models';
import { fixture } from '@motion-enhancer/support/testing';
import { missingWords, textFit } from './text-fit.js';

const tokenizer = loadTokenizer(fixture('tokenizers/cogvideox-t5'));
const [{ caption: long }, { caption: chinese }] = JSON.parse(
  readFileSync(fixture('cases/text-too-long/longzh.json'), 'utf8'),
) as [{ caption: string }, { caption: string }];

test('words that the limit cuts are counted, those that it cuts in two as well', () => {
  const words = long.trim().split(/\s+/).length;
  const fit = textFit(tokenizer, 226, long);
  assert.equal(fit.words, words);
  assert.ok(fit.cut > 0 && fit.cut < words && fit.known && fit.unknown === 0);
  // Word by word, from the front: what fits is all that is not cut.
  const kept = words - fit.cut;
  const firstWords = (count: number) => long.trim().split(/\s+/).slice(0, count).join(' ');
  assert.equal(textFit(tokenizer, 226, firstWords(kept)).cut, 0);
  assert.ok(textFit(tokenizer, 226, firstWords(kept + 1)).cut > 0);
  assert.match(missingWords(fit), new RegExp(`limit cuts ${fit.cut} of its ${words} words$`));
  assert.equal(textFit(tokenizer, 2, 'extraordinarily').cut, 1, 'a word of more tokens than the limit');
});

test('unknown words are counted; without one that is known the text says nothing', () => {
  assert.equal(textFit(tokenizer, 226, chinese).known, false);
  const mixed = textFit(tokenizer, 226, 'A square 方块');
  assert.deepEqual([mixed.unknown, mixed.known, mixed.cut], [2, true, 0]);
  assert.match(missingWords(mixed), /does not know 2 of its 4 words/);
  const plain = textFit(tokenizer, 226, 'The red square slides.');
  assert.deepEqual(plain, { words: 4, cut: 0, unknown: 0, known: true });
  assert.equal(missingWords(plain), '');
  assert.equal(textFit(tokenizer, 226, '红色方块向左滑动').known, false);
});
