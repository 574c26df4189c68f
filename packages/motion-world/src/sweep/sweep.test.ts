import assert from 'node:assert/strict';
import { appendFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { rand, randint, tensor, writeSafetensors } from '@motion-enhancer/libtorch';
import { closeTo, tensorTest } from '@motion-enhancer/libtorch/testing';
import { temporaryFolder } from '@motion-enhancer/support/testing';
import { RUN_RECIPE } from '../runs/spec.js';
import { conditionKey, mapKey } from './condition.js';
import { conditionOf, conditionText } from './condition-text.js';
import { readPriorFile } from './prior-file.js';
import { sweepTables, sweepText } from './report.js';
import { addResults, type RunResult, readResults } from './results.js';
import { interval95 } from './statistics.js';

test('arms from their texts', () => {
  const { prior, of, aligner, lambda, lambdaRatio, data } = conditionOf('focus:other:mlp:auto=0.5:n=500', {
    lambda: 7,
  });
  assert.deepEqual([prior, of, aligner, lambda, lambdaRatio, data], ['focus', 'other', 'mlp', 7, 0.5, 500]);
  assert.equal(conditionOf('plain').prior, 'none');
  const paper = conditionOf('paper');
  assert.deepEqual(
    [paper.prior, paper.words, paper.scale, paper.lambda, paper.aligner],
    ['mhs-x-all', 'kept', 'raw', 1, 'mlp'],
  );
  assert.equal(conditionOf('masks:λ=10').lambda, 10);
  assert.throws(() => conditionOf('masks:lamda=3'), { name: 'UserError', message: /lambda=N.*but received "lamda=3"/ });
  assert.equal(conditionOf('masks').lambda, 1);
  const { mix, wrong, blur, still, mover, sharp, only, gate, loss } = conditionOf(
    'masks:mix=0.75:wrong=0.2:blur=2:still:mover:sharp=2:only=motion+mover:gate=0.5:squared',
  );
  assert.deepEqual(
    [mix, wrong, blur, still, mover, sharp, only, gate, loss],
    [0.75, 0.2, 2, true, true, 2, 'mover+motion', 0.5, 'squared'],
  );
  for (const bad of [
    'mix=2',
    'mix=',
    'mix',
    'wrong=-1',
    'blur=0.5',
    'still=1',
    'gate=0',
    'only=verb',
    'only',
    'sharp=0',
  ])
    assert.throws(
      () => conditionOf(`masks:${bad}`),
      { name: 'UserError', message: new RegExp(`received "${bad}"`) },
      bad,
    );
});

test('an arm’s text says its settings, whatever it was called', () => {
  for (const text of [
    ...['plain', 'plain:n=500', 'paper', 'paper:lambda=10', 'paper:other', 'masks', 'masks:lambda=0', 'masks:squared'],
    ...['mhs-x-all@steps10:kept', 'masks:wrong=0.2:only=mover+motion:gate=0.5:sharp=2:still:blur=1:mix=0.75:auto=0.3'],
  ])
    assert.equal(conditionText(conditionOf(text)), text);
  assert.equal(conditionText(conditionOf('masks:λ=100:other')), 'masks:other:lambda=100');
  assert.equal(conditionText(conditionOf('masks', { lambda: 100, data: 500 })), 'masks:lambda=100:n=500');
  assert.equal(conditionText(conditionOf('mhs-x-all:kept:raw:mlp')), 'paper');
  assert.equal(conditionKey(conditionOf('masks:lambda=1')), conditionKey(conditionOf('masks')));
  assert.equal(conditionKey(conditionOf('plain:lambda=9:mlp')), conditionKey(conditionOf('plain')));
  const arms = ['masks', 'masks:n=5', 'masks:lambda=3', 'masks:squared', 'masks:mlp', 'masks:auto=1'];
  assert.equal(new Set(arms.map((text) => conditionKey(conditionOf(text)))).size, arms.length);
  assert.equal(new Set(arms.map((text) => mapKey(conditionOf(text)))).size, 1);
  const others = ['masks', 'focus', 'masks:other', 'masks:kept', 'masks:predict', 'masks:raw', 'masks:mix=0.1'];
  const more = ['masks:wrong=0.1', 'masks:blur=1', 'masks:still', 'masks:mover', 'masks:sharp=2', 'masks:only=mover'];
  const all = [...others, ...more, 'masks:gate=0.5'];
  assert.equal(new Set(all.map((text) => mapKey(conditionOf(text)))).size, all.length);
});

test('interval: t over the pairs (values of a table)', () => {
  const { mean, half, count } = interval95([1, 2, 3, 4, 5]);
  assert.equal(mean, 3);
  // s = 1.5811, s/√5 = √½, t(4) = 2.776
  assert.ok(Math.abs(half - 2.776 * Math.SQRT1_2) < 1e-3);
  assert.equal(count, 5);
  assert.ok(Number.isNaN(interval95([1]).half));
});

const result = (arm: string, seed: number, right: number): RunResult => ({
  arm: conditionOf(arm),
  seed,
  steps: 1,
  batchSize: 1,
  lr: 1,
  start: 'x',
  lossAr: 1,
  lossAlign: null,
  lambda: 1,
  gradRatio: arm === 'plain' ? null : 0.25,
  scores: { MR: [right, 100], MO: [50, 100] },
});

const cellsOf = (rows: readonly string[][], name: string) => rows.find(([first]) => first === name)!;

test('results: a line that a crash cut off is left out; the table compares pairs of one seed', () => {
  const path = join(temporaryFolder(), 'results.jsonl');
  assert.deepEqual(readResults(path), []);
  addResults(path, [result('plain', 0, 40), result('plain', 1, 60), result('masks', 0, 44), result('masks', 1, 66)]);
  // Another size of data, and a seed without its pair.
  addResults(path, [result('masks:n=500', 0, 99), result('masks', 7, 99)]);
  appendFileSync(path, '{"arm":{"name":"masks"');
  const results = readResults(path);
  assert.equal(results.length, 6);
  const [{ setup, head, rows }, ...rest] = sweepTables(results) as [ReturnType<typeof sweepTables>[0]];
  assert.deepEqual(rest, []);
  assert.match(setup, /^200 test questions; 1 steps of 1 samples/);
  const masks = cellsOf(rows, 'masks');
  assert.equal(masks[head.indexOf('pairs')], '2');
  assert.equal(masks[head.indexOf('MR')], `+5.0 ± ${(12.706).toFixed(1)}`); // 4 and 6: s/√2 = 1, t(1) = 12.706
  assert.equal(masks.at(-1), '0.25');
  assert.equal(masks[head.indexOf('− control')], '');
  assert.equal(cellsOf(rows, 'plain (accuracy, %)')[head.indexOf('MR')], '50.0');
  assert.match(sweepText(results), /\| plain \(accuracy, %\) \| 1000 \| 2 \|/);
});

test('the difference to an arm’s own control, in pairs; rows in the order asked for', () => {
  const results = [
    ...[result('plain', 0, 40), result('plain', 1, 60), result('masks:still', 0, 44), result('masks:still', 1, 66)],
    ...[result('masks:still:other', 1, 62), result('masks:still:other', 0, 42), result('masks:other', 0, 1)],
  ];
  const [{ head, rows }] = sweepTables(results, ['masks:other']) as [ReturnType<typeof sweepTables>[0]];
  const control = head.indexOf('− control');
  // 2 and 4 of 200 questions: 1 and 2 points, mean 1.5, s/√2 = 0.5.
  assert.equal(cellsOf(rows, 'masks:still')[control], `+1.5 ± ${(12.706 / 2).toFixed(1)}`);
  assert.equal(cellsOf(rows, 'masks:other:still')[control], '');
  assert.equal(rows[0]![0], 'masks:other');
});

test('runs of unlike setups are never compared; of equal ones the last counts; older lines have the defaults', () => {
  const setup = { recipe: RUN_RECIPE, dtype: 'float32', start: 'abc', clips: 800, testClips: 100 };
  const more = { ...setup, testClips: 200 };
  const results = [
    ...[result('plain', 0, 40), result('plain', 0, 50), result('masks', 0, 60)],
    ...[
      { ...result('plain', 0, 10), setup },
      { ...result('masks', 0, 20), setup },
    ],
    ...[
      { ...result('masks', 0, 99), setup: more },
      { ...result('plain', 0, 1), setup: { ...setup, start: 'abd' } },
    ],
  ];
  const tables = sweepTables(results);
  const overall = tables.map(({ rows }) => rows.map((row) => [row[0], row[3]]));
  assert.deepEqual(overall, [
    [
      ['plain (accuracy, %)', '50.0'],
      ['masks', '+5.0 ± ?'],
    ],
    [
      ['plain (accuracy, %)', '30.0'],
      ['masks', '+5.0 ± ?'],
    ],
    [['masks', '']],
    [['plain (accuracy, %)', '25.5']],
  ]);
  assert.match(tables[1]!.setup, /200 test questions about 100 clips; .* of 800 clips, .* from abc/);
  const path = join(temporaryFolder(), 'results.jsonl');
  const { name, prior, lambda } = conditionOf('masks:lambda=100');
  appendFileSync(path, `${JSON.stringify({ ...result('masks', 0, 5), arm: { name, prior, lambda } })}\n`);
  assert.deepEqual(readResults(path)[0]!.arm, conditionOf('masks:lambda=100'));
});

tensorTest('files of priors: maps by clip and word, and nothing where there is none', () => {
  const path = join(temporaryFolder(), 'p.safetensors');
  const maps = rand([5, 2, 2, 2]).to('float16');
  const kept = tensor([1, 0, 1, 1, 0]).to('uint8');
  const scale = tensor([1, 0.5, 0.25, 2, 0.1]);
  const bytes = randint(0, 256, [5, 2, 2, 2]).to('uint8');
  writeSafetensors(
    path,
    { 'maps.a': maps, 'kept.a': kept, 'maps.b': bytes, 'scale.b': scale, words: tensor([2, 0, 3]).to('int32') },
    {
      split: 'train',
      first: '10',
    },
  );
  const file = readPriorFile(path);
  assert.deepEqual([file.grid.frames, file.first, file.count, [...file.arms.keys()]], [2, 10, 3, ['a', 'b']]);
  const a = file.arms.get('a')!;
  closeTo(a.map(12, 1)!, maps.select(0, 3).flatten().to('float32'), 0, 'map');
  assert.deepEqual([a.kept(10, 0), a.kept(10, 1), a.kept(12, 2)], [true, false, false]);
  assert.deepEqual([a.map(9, 0), a.map(11, 0), a.map(13, 0), a.map(10, 2)], [null, null, null, null]);
  closeTo(
    file.arms.get('b')!.map(12, 1)!,
    bytes
      .select(0, 3)
      .flatten()
      .to('float32')
      .mul(2 / 255),
    1e-6,
    'in 255ths',
  );
  assert.equal(file.arms.get('b')!.kept(10, 1), true, 'without flags every word is kept');
});
