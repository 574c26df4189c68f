import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { fixture, freshSeed, randomSource } from '@motion-enhancer/support/testing';
import { bestAssignment } from './assignment.js';
import { orderScore } from './order.js';
import { PLAIN_LANGUAGE } from './plain-language.js';
import { readCameraMotion, readChronologicalList, readMotionList } from './read-records.js';
import { scoreMotion } from './score-motion.js';
import { Similarities, subjectNounBonus } from './similarity.js';
import type { MotionLanguage, MotionRecord } from './types.js';

/** The stand-ins of make_favor_step2.py: the first word is the verb; verbs of one first letter are synonyms. */
const VERBS: MotionLanguage = {
  ...PLAIN_LANGUAGE,
  coreVerb: (text) => /[a-z0-9]+/.exec(text.toLowerCase())?.[0] ?? '',
  verbSimilarity: (a, b) => (a[0] === b[0] ? 0.9 : 0.1),
};

test('the authors’ script on random records, with verbs and odd forms: every term and every match', () => {
  const { cases } = JSON.parse(readFileSync(fixture('evaluation/favor_step2.json'), 'utf8')) as {
    cases: {
      verbs: boolean;
      gt: MotionRecord;
      pred: MotionRecord;
      scores: Record<string, number>;
      error?: true;
      subject_mapping?: [number, number][];
      chrono_mapping?: [number, number][];
    }[];
  };
  assert.ok(cases.some(({ error }) => error) && cases.length >= 90);
  for (const { verbs, gt, pred, scores, error, subject_mapping, chrono_mapping } of cases) {
    const ours = scoreMotion(gt, pred, verbs ? VERBS : PLAIN_LANGUAGE);
    for (const [term, value] of Object.entries(scores))
      assert.ok(Math.abs(ours.scores[term as 'final_score'] - value) < 1e-12, `${term} ${JSON.stringify(gt)}`);
    if (error) continue;
    assert.deepEqual([...ours.subjectMapping], subject_mapping);
    assert.deepEqual([...ours.chronological.mapping], chrono_mapping);
  }
});

const record = (subjects: [string, string[]][], camera = 'Camera pans left'): MotionRecord => ({
  camera_motion: camera,
  motion_list: subjects.map(([who, acts], i) => `Subject ${i + 1}: ${who} [${acts.join(', ')}]`).join('\n'),
  chronological_motion_list: subjects
    .flatMap(([, acts], i) => acts.map((act) => `${act} (Subject ${i + 1})`))
    .join(', '),
});

const seed = freshSeed();
test(`a record scores 1 against itself; an empty one scores the camera's quirk; all terms stay in 0–1 (seed ${seed})`, () => {
  const { below } = randomSource(seed);
  const words = ['lift', 'push', 'cup', 'door', 'slowly', 'left', 'hand'];
  const act = () => Array.from({ length: 2 + below(3) }, () => words[below(words.length)]!).join(' ');
  const distinct = (n: number) => [...new Set(Array.from({ length: n }, act))];
  for (let k = 0; k < 40; k++) {
    const [a, b] = [record([['Man', distinct(1 + below(5))]]), record([['Dog', distinct(1 + below(5))]], 'zooms')];
    const same = scoreMotion(a, a, PLAIN_LANGUAGE).scores;
    assert.ok(same.subject_precision_score <= 1 && same.camera_motion_score === 1);
    assert.ok(same.final_score > 0.85, String(same.final_score));
    for (const value of Object.values(scoreMotion(a, b, VERBS).scores)) assert.ok(value >= 0 && value <= 1);
  }
  const whole = record([['Man', ['lift cup', 'open door', 'walk left']]]);
  assert.ok(Math.abs(scoreMotion(whole, whole, PLAIN_LANGUAGE).scores.final_score - 1) < 1e-12);
  const empty = { camera_motion: '', motion_list: '', chronological_motion_list: '' };
  assert.ok(Math.abs(scoreMotion(whole, empty, PLAIN_LANGUAGE).scores.final_score - 0.05 / 3) < 1e-12);
});

test('motion lists in each form', () => {
  const read = (text: string) => {
    const { subjects, actions } = readMotionList(text);
    return [[...subjects], [...actions]];
  };
  assert.deepEqual(read('Subject 1: Man in red [lift, put down.]\nSubject 3: Dog []'), [
    [
      [1, 'Man in red'],
      [3, 'Dog'],
    ],
    [
      [1, ['lift', 'put down']],
      [3, []],
    ],
  ]);
  assert.deepEqual(read('Subject 2[run; jump and fall!]'), [[[2, 'Subject 2']], [[2, ['run', 'jump', 'fall']]]]);
  assert.deepEqual(read('the subject 4: Woman [sit]'), [[[4, 'woman']], [[4, ['sit']]]]);
  assert.deepEqual(read('He does [run, sit] and [fall]'), [[[1, 'Subject 1']], [[1, ['run', 'sit']]]]);
  assert.deepEqual(read('nothing'), [[], []]);
});

test('chronological lists keep the comma before each further action', () => {
  assert.deepEqual(readChronologicalList('lift (Subject 1), put down. (Subject 2)'), [
    ['lift', 1],
    [', put down', 2],
  ]);
  assert.deepEqual(readChronologicalList('lift (subject 1), sit (SUBJECT 12), run (he), x (subject one)'), [
    ['lift', 1],
    ['sit', 12],
  ]);
  assert.deepEqual(readChronologicalList(''), []);
});

test('camera segments in each form', () => {
  assert.deepEqual(readCameraMotion('pans left, camera zooms,'), ['Camera pans left', 'camera zooms', 'Camera ']);
  assert.deepEqual(readCameraMotion('Pans. The camera stops.'), ['Camera Pans', 'The camera stops']);
  assert.deepEqual(readCameraMotion('The Camera pans  camera stops'), ['Camera the', 'camera pans', 'camera stops']);
  assert.deepEqual(readCameraMotion('pans then tilts; stops'), ['Camera pans', 'Camera tilts', 'Camera stops']);
  assert.deepEqual(readCameraMotion(''), ['Camera ']);
});

test('one memory for texts and actions: what is compared first decides the bonus', () => {
  const [a, b] = ['lift cup', 'lift box'];
  const fresh = new Similarities(VERBS);
  assert.ok(Math.abs(fresh.actions(a, b) - (1 / 3 + 0.3)) < 1e-12);
  assert.equal(fresh.texts(a, b), fresh.actions(b, a), 'the bonus is remembered for texts');
  const text = new Similarities(VERBS);
  assert.equal(text.texts(a, b), 1 / 3);
  assert.equal(text.actions(a, b), 1 / 3, 'the text’s comparison hides the bonus');
  assert.equal(text.actions('Lift Cup', ' lift cup '), 1);
  assert.equal(text.actions('', 'x'), 0);
});

test('bonuses: verbs of one kind, key terms, computers, nouns of subjects', () => {
  const actions = (a: string, b: string) => new Similarities(VERBS).actions(a, b);
  assert.ok(Math.abs(actions('lift cup', 'lower cup') - (1 / 3 + 0.24)) < 1e-12);
  assert.equal(actions('lift cup', 'push box'), 0);
  assert.ok(Math.abs(new Similarities(PLAIN_LANGUAGE).texts('open laptop', 'see keyboard') - 0.3) < 1e-12);
  assert.ok(
    Math.abs(new Similarities(PLAIN_LANGUAGE).actions('interacting with laptop', 'hands on keyboard') - 0.45) < 1e-12,
  );
  assert.ok(Math.abs(subjectNounBonus('a man', 'tall MAN') - 0.45) < 1e-12);
  assert.equal(subjectNounBonus('man', 'men'), 0.3);
  assert.equal(subjectNounBonus('girl', 'woman'), 0.15);
  assert.equal(subjectNounBonus('dog', 'cat'), 0);
});

test('order: short lists, reversal, several to one', () => {
  const map = (...pairs: [number, number][]) => new Map(pairs);
  assert.equal(orderScore(map(), 2, 2), 1);
  assert.equal(orderScore(map([0, 0]), 2, 5), 0.8);
  assert.equal(orderScore(map([0, 0]), 3, 1), 0.7);
  assert.equal(orderScore(map([0, 0], [1, 1], [2, 2]), 3, 3), 1);
  assert.equal(orderScore(map([0, 2], [1, 1], [2, 0]), 3, 3), 0.5);
  assert.equal(orderScore(map([2, 0], [0, 0], [1, 1]), 3, 3), 1, 'the earliest of several counts');
});

test(`assignments: as good as the best of all permutations, the diagonal of a constant matrix (seed ${seed})`, () => {
  const { next, below } = randomSource(seed);
  const best = (gain: number[][], row = 0, used = 0): number => {
    if (row === gain.length) return 0;
    let most = gain.length > gain[0]!.length ? best(gain, row + 1, used) : Number.NEGATIVE_INFINITY;
    for (let j = 0; j < gain[0]!.length; j++)
      if (!(used & (1 << j))) most = Math.max(most, gain[row]![j]! + best(gain, row + 1, used | (1 << j)));
    return most;
  };
  for (let k = 0; k < 60; k++) {
    const [rows, columns] = [1 + below(5), 1 + below(5)];
    const gain = Array.from({ length: rows }, () => Array.from({ length: columns }, next));
    const pairs = bestAssignment(gain);
    assert.equal(pairs.length, Math.min(rows, columns));
    assert.equal(new Set(pairs.map(([, j]) => j)).size, pairs.length);
    const sum = pairs.reduce((total, [i, j]) => total + gain[i]![j]!, 0);
    assert.ok(Math.abs(sum - best(gain)) < 1e-9, JSON.stringify(gain));
  }
  assert.deepEqual(
    bestAssignment([
      [1, 1],
      [1, 1],
      [1, 1],
    ]),
    [
      [0, 0],
      [1, 1],
    ],
  );
  assert.deepEqual(bestAssignment([]), []);
});
