import assert from 'node:assert/strict';
import { test } from 'node:test';
import { NOT_COMPARABLE, OWN_DICTIONARY, PLAIN_LANGUAGE, readCaption, scoreCaptions } from './index.js';

const caption = 'The camera pans left. A man lifts the box, opens the door and walks away.';
const annotation = readCaption(caption);

test('a data set: means over what was asked for and over what was captioned, and why they are not comparable', () => {
  const found = scoreCaptions({ a: annotation, b: annotation }, { a: caption, c: caption });
  assert.deepEqual([found.missing, found.unknown, Object.keys(found.videos)], [['b'], ['c'], ['a']]);
  assert.ok(Math.abs(found.videos.a!.scores.final_score - 1) < 1e-12);
  assert.ok(Math.abs(found.mean.final_score - 0.5) < 1e-12);
  assert.ok(Math.abs(found.meanOfCaptioned.final_score - 1) < 1e-12);
  assert.equal(found.comparability, NOT_COMPARABLE);
  assert.equal(found.reasons.length, 3);
  assert.equal(found.videos.a!.record.num_subjects, 'Single subject');
});

test('language and dictionary are named; a reference language leaves only step 1 between', () => {
  const language = { ...PLAIN_LANGUAGE, name: 'sbert', reference: true };
  const found = scoreCaptions({ a: annotation }, { a: caption }, { language, dictionary: OWN_DICTIONARY });
  assert.deepEqual([found.language, found.dictionary, found.reasons.length], ['sbert', 'given', 1]);
  assert.equal(found.comparability, NOT_COMPARABLE);
});

test('verbs count: synonyms score above strangers, and each video is scored by itself', () => {
  const of = (text: string) => scoreCaptions({ a: annotation }, { a: text }).mean.final_score;
  const near = of('A man raises the box, opens the door and walks away.');
  const far = of('A man paints the wall, reads a book and eats a cake.');
  assert.ok(near > far + 0.2, `${near} ${far}`);
  const both = scoreCaptions({ a: annotation, b: annotation }, { a: 'A dog runs.', b: caption });
  const alone = scoreCaptions({ b: annotation }, { b: caption });
  assert.deepEqual(both.videos.b!.scores, alone.videos.b!.scores);
});

test('nothing asked for, nothing captioned', () => {
  assert.equal(scoreCaptions({}, {}).mean.final_score, 0);
  assert.equal(scoreCaptions({ a: annotation }, {}).mean.final_score, 0);
});
