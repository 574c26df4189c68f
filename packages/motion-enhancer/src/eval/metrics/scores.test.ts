import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { UserError } from '@motion-enhancer/support';
import { fixture, freshSeed, randomSource } from '@motion-enhancer/support/testing';
import { FAVOR_LAYOUT } from '../benchmarks/favor/layout.js';
import { MOTIONBENCH_LAYOUT } from '../benchmarks/motionbench/layout.js';
import {
  type MotionBenchAccuracy,
  type MotionBenchLine,
  officialMotionBench,
  submissionLetters,
} from '../benchmarks/motionbench/official.js';
import { SEEDBENCH_LAYOUT } from '../benchmarks/seedbench/layout.js';
import { officialVideoMme, type VideoMmeReply } from '../benchmarks/videomme/official.js';
import { compareAnswers, type GradedAnswer, type ScoreLayout, scoreTable } from './index.js';

const answers = (layout: ScoreLayout, right: Record<string, number>, totals: Record<string, number>): GradedAnswer[] =>
  layout.types.flatMap(({ key, name }) =>
    Array.from({ length: totals[key] ?? 0 }, (_, i) => ({
      id: `${key}${i}`,
      type: i % 2 ? key : name,
      correct: i < (right[key] ?? 0),
    })),
  );

test('the paper’s row of Qwen2.5-VL-3B on MotionBench: Overall is pooled, Average is the mean of six', () => {
  const layout = MOTIONBENCH_LAYOUT;
  const totals = Object.fromEntries(layout.types.map(({ key, total }) => [key, total!]));
  // Rights that give the reported percentages.
  const reported = { MR: 59.54, LM: 53.11, CM: 38.44, MO: 70.14, AO: 40.46, RC: 35 };
  const right = Object.fromEntries(
    Object.entries(reported).map(([key, percent]) => [key, Math.round((percent * totals[key]!) / 100)]),
  );
  const table = scoreTable(answers(layout, right, totals), layout);
  assert.deepEqual(
    table.types.map(({ key, accuracy }) => [key, Number((100 * accuracy).toFixed(2))]),
    Object.entries(reported),
  );
  assert.equal(table.overall.total, 4018);
  assert.equal((100 * table.average.accuracy).toFixed(2), '49.45');
  assert.ok(table.average.low < table.average.accuracy && table.average.accuracy < table.average.high);
});

test('FAVOR divides by the benchmark’s counts: what is missing is wrong', () => {
  const some = answers(FAVOR_LAYOUT, { AS: 10, NSM: 32 }, { AS: 10, NSM: 64 });
  const table = scoreTable(some, FAVOR_LAYOUT, { denominators: 'benchmark' });
  assert.equal(table.overall.total, 8184);
  assert.equal(table.overall.right, 42);
  assert.equal(table.types[0]!.accuracy, 10 / 2637);
  assert.equal(table.types[5]!.accuracy, 0.5);
  const answered = scoreTable(some, FAVOR_LAYOUT);
  assert.equal(answered.overall.total, 74);
  assert.equal(answered.average.accuracy, (1 + 0.5) / 2, 'types without a question are left out');
  const more = answers(FAVOR_LAYOUT, {}, { NSM: 65 });
  assert.throws(() => scoreTable(more, FAVOR_LAYOUT, { denominators: 'benchmark' }), /NSM/);
});

test('SEED-Bench: types by id, images and videos pooled apart', () => {
  const rows = [1, 9, 10, 12].map((type) => ({ id: `q${type}`, type: String(type), correct: type >= 10 }));
  const table = scoreTable(rows, SEEDBENCH_LAYOUT);
  assert.deepEqual(
    table.groups.map(({ key, right, total }) => [key, right, total]),
    [
      ['image', 0, 2],
      ['video', 2, 2],
    ],
  );
  assert.throws(
    () => scoreTable([{ id: 'q', type: '13', correct: true }], SEEDBENCH_LAYOUT),
    (e) => {
      assert.ok(e instanceof UserError && e.message.includes('"13"'));
      return true;
    },
  );
});

test('the unparsed rate counts only replies that a judge reads', () => {
  const rows = [true, false, undefined].map((parsed, i) => ({
    id: String(i),
    type: 'AS',
    correct: false,
    ...(parsed === undefined ? {} : { parsed }),
  }));
  const { unparsed } = scoreTable(rows, FAVOR_LAYOUT);
  assert.deepEqual([unparsed!.right, unparsed!.total], [1, 2]);
  assert.equal(scoreTable(rows.slice(2), FAVOR_LAYOUT).unparsed, null);
  assert.equal(scoreTable([], FAVOR_LAYOUT).overall.low, 0);
  assert.ok(Number.isNaN(scoreTable([], FAVOR_LAYOUT).average.accuracy));
});

const seed = freshSeed();
test(`two runs: counts add up, differences are those of their tables (seed ${seed})`, () => {
  const { next, below } = randomSource(seed);
  const run = (share: number): GradedAnswer[] =>
    Array.from({ length: 400 }, (_, i) => ({
      id: `q${i}`,
      type: MOTIONBENCH_LAYOUT.types[i % 6]!.name,
      correct: next() < share,
      video: `v${Math.floor(i / 3)}`,
    }));
  const [a, b] = [run(0.4), run(0.7)];
  const found = compareAnswers(
    a,
    b.toSorted(() => below(3) - 1),
    MOTIONBENCH_LAYOUT,
    { resamples: 500 },
  );
  const { bothRight, bothWrong, wrongToRight, rightToWrong, pairs } = found;
  assert.equal(bothRight + bothWrong + wrongToRight.length + rightToWrong.length, pairs);
  assert.equal(pairs, 400);
  const [ta, tb] = [a, b].map((answers) => scoreTable(answers, MOTIONBENCH_LAYOUT));
  assert.ok(Math.abs(found.overall.difference - (tb!.overall.accuracy - ta!.overall.accuracy)) < 1e-12);
  assert.ok(Math.abs(found.average.difference - (tb!.average.accuracy - ta!.average.accuracy)) < 1e-12);
  assert.deepEqual([found.mcnemar.onlyA, found.mcnemar.onlyB], [rightToWrong.length, wrongToRight.length]);
  assert.ok(found.overall.low > 0 && found.mcnemar.exact < 1e-3);
  assert.ok(found.byVideo!.low < found.overall.difference);
  for (const [i, { difference }] of found.types.entries())
    assert.ok(Math.abs(difference - (tb!.types[i]!.accuracy - ta!.types[i]!.accuracy)) < 1e-12);
});

test('questions that one run lacks are reported; nothing in common and doubled questions are errors', () => {
  const row = (id: string, type = 'MR') => ({ id, type, correct: true });
  const found = compareAnswers([row('a'), row('b')], [row('b', 'Motion Recognition'), row('c')], MOTIONBENCH_LAYOUT, {
    resamples: 10,
  });
  assert.deepEqual([found.pairs, found.onlyInA, found.onlyInB, found.byVideo], [1, ['a'], ['c'], null]);
  for (const [a, b] of [
    [[row('a')], [row('b')]],
    [[row('a'), row('a')], [row('a')]],
    [[row('a')], [row('a', 'RC')]],
  ])
    assert.throws(
      () => compareAnswers(a!, b!, MOTIONBENCH_LAYOUT),
      (e) => e instanceof UserError,
    );
});

test('MotionBench’s own accuracy and submission tool, quirks included, as their code computes them', () => {
  const golden = JSON.parse(readFileSync(fixture('evaluation/motionbench_accuracy.json'), 'utf8')) as {
    accuracy: { lines: MotionBenchLine[]; answers: Record<string, string>; result: Record<string, number> | string }[];
    construct: { replies: [string, string | null][]; letters: Record<string, string> };
  };
  const kinds = new Set<string>();
  for (const { lines, answers, result } of golden.accuracy) {
    kinds.add(typeof result === 'string' ? result : 'numbers');
    const compute = (): MotionBenchAccuracy => officialMotionBench(new Map(Object.entries(answers)), lines);
    if (result === 'TypeError')
      assert.throws(compute, (e) => e instanceof UserError && e.message.includes('TypeError'));
    else if (result === 'ZeroDivisionError')
      assert.ok(Number.isNaN(compute().answered_acc) || Number.isNaN(compute().acc));
    else {
      const { types, ...rest } = compute();
      assert.deepEqual({ ...types, ...rest }, result);
    }
  }
  assert.ok(kinds.has('numbers') && kinds.has('TypeError'));
  assert.deepEqual(Object.fromEntries(submissionLetters(golden.construct.replies)), golden.construct.letters);
});

test('Video-MME’s own numbers, to the tenth that its script prints', () => {
  const { cases } = JSON.parse(readFileSync(fixture('evaluation/videomme_accuracy.json'), 'utf8')) as {
    cases: { replies: VideoMmeReply[]; printed: Record<string, string> }[];
  };
  const found = cases.map(({ replies }) => officialVideoMme(replies));
  assert.ok(found.filter(({ answered, questions }) => answered < questions).length >= 10, 'replies without a letter');
  for (const [i, { printed }] of cases.entries()) {
    const { durations, overall } = found[i]!;
    for (const [name, percent] of Object.entries({ short: 0, medium: 0, long: 0, ...durations, overall }))
      assert.ok(Math.abs(percent - Number.parseFloat(printed[name]!)) < 0.0501, `${name}: ${percent} ${printed[name]}`);
  }
});
