import assert from 'node:assert/strict';
import { appendFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { rand, randint, tensor, writeSafetensors } from '@motion-enhancer/libtorch';
import { closeTo } from '../../testing/close-to.js';
import { temporaryFolder } from '../../testing/temporary-folder.js';
import { tensorTest } from '../../testing/tensor-test.js';
import { armOf } from './arms.js';
import { readPriorFile } from './prior-file.js';
import { ladderTable } from './report.js';
import { addResults, type RunResult, readResults } from './results.js';
import { interval95 } from './statistics.js';

test('arms from their texts', () => {
  const { prior, of, aligner, lambda, lambdaRatio, data } = armOf('focus:other:mlp:auto=0.5:n=500', { lambda: 7 });
  assert.deepEqual([prior, of, aligner, lambda, lambdaRatio, data], ['focus', 'other', 'mlp', 7, 0.5, 500]);
  assert.equal(armOf('plain').prior, 'none');
  const paper = armOf('paper');
  assert.deepEqual(
    [paper.prior, paper.words, paper.scale, paper.lambda, paper.aligner],
    ['mhs-x-all', 'kept', 'raw', 1, 'mlp'],
  );
  assert.equal(armOf('masks:λ=10').lambda, 10);
  assert.throws(() => armOf('masks:lamda=3'), { name: 'UserError', message: /lambda=N.*but received "lamda=3"/ });
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
  arm: armOf(arm),
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

test('results: a line that a crash cut off is left out; the table compares pairs of one seed', () => {
  const path = join(temporaryFolder(), 'results.jsonl');
  assert.deepEqual(readResults(path), []);
  addResults(path, [result('plain', 0, 40), result('plain', 1, 60), result('masks', 0, 44), result('masks', 1, 66)]);
  // Another size of data, and a seed without its pair.
  addResults(path, [result('masks:n=500', 0, 99), result('masks', 7, 99)]);
  appendFileSync(path, '{"arm":{"name":"masks"');
  const results = readResults(path);
  assert.equal(results.length, 6);
  const rows = ladderTable(results).split('\n');
  const cells = rows
    .find((row) => row.startsWith('| masks |'))!
    .split('|')
    .map((cell) => cell.trim());
  assert.equal(cells[3], '2');
  assert.equal(cells[6], `+5.0 ± ${(12.706).toFixed(1)}`); // 4 and 6: s/√2 = 1, t(1) = 12.706
  assert.equal(cells.at(-2), '0.25');
  assert.match(rows.find((row) => row.startsWith('| plain ('))!, /\| 50\.0 \|/);
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
