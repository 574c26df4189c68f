import assert from 'node:assert/strict';
import { test } from 'node:test';
import { AS_PUBLISHED, NOT_COMPARABLE, OWN_DICTIONARY, PLAIN_LANGUAGE, readCaption, scoreCaptions } from './index.js';

const caption = 'The camera pans left. A man lifts the box, opens the door and walks away.';
const annotation = readCaption(caption);

test('a data set: means over what was asked for and over what was captioned, and why they are not comparable', () => {
  const found = scoreCaptions({ a: annotation, b: annotation }, { a: caption, c: caption });
  assert.deepEqual([found.missing, found.unknown, Object.keys(found.videos)], [['b'], ['c'], ['a']]);
  assert.ok(Math.abs(found.videos.a!.scores.final_score - 1) < 1e-12);
  assert.ok(Math.abs(found.mean.final_score - 0.5) < 1e-12);
  assert.ok(Math.abs(found.meanOfCaptioned.final_score - 1) < 1e-12);
  assert.equal(found.comparability, NOT_COMPARABLE);
  assert.equal(found.reasons.length, 4);
  assert.deepEqual(found.videos.a!.record, annotation);
});

test('what lacks of the authors’ own is reported, one by one', () => {
  const language = { ...PLAIN_LANGUAGE, name: 'sbert', reference: true };
  const given = { language, dictionary: OWN_DICTIONARY, memory: 'shared' } as const;
  const found = scoreCaptions({ a: annotation }, { a: caption }, given);
  assert.deepEqual([found.language, found.dictionary, found.reasons.length], ['sbert', 'given', 1]);
  assert.equal(found.comparability, NOT_COMPARABLE);
  const records = scoreCaptions({ a: annotation }, { a: annotation }, given);
  assert.deepEqual([records.comparability, records.reasons], [AS_PUBLISHED, []]);
  assert.deepEqual(records.mean, found.mean, 'the record that the caption amounts to');
  assert.equal(scoreCaptions({ a: annotation }, { a: annotation }).reasons.length, 2);
});

test('a shared memory lets videos before decide bonuses, as the authors’ script does', () => {
  const record = (...acts: string[]) => ({
    camera_motion: '',
    motion_list: `Subject 1: Man [${acts.join(', ')}]`,
    chronological_motion_list: acts.map((act) => `${act} (Subject 1)`).join(', '),
  });
  // Of one action the joined text is the action: compared as a text, its pair gets no bonus for the verb.
  const annotations = { a: record('lift cup'), b: record('lift cup', 'wave') };
  const captions = { a: record('lift box'), b: record('lift box', 'wave') };
  const precision = (memory: 'video' | 'shared') =>
    Object.values(scoreCaptions(annotations, captions, { memory }).videos).map(
      ({ scores }) => scores.subject_precision_score,
    );
  const [alone, shared] = [precision('video'), precision('shared')];
  assert.equal(alone[0], shared[0], 'the first video has nothing before it');
  assert.ok(alone[1]! > shared[1]! + 0.05, `${alone} ${shared}`);
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
