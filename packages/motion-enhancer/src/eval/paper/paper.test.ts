import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FAVOR_LAYOUT, MOTIONBENCH_LAYOUT } from '../metrics/index.js';
import { REPORTED_COLUMNS, REPORTED_SOURCE, reportedAblations, reportedRow, reportedRows } from './index.js';
import { PAPER_DATA } from './paper-data.js';

test('all rows of all tables, every number flagged as reported', () => {
  assert.match(REPORTED_SOURCE, /^arXiv 2606\.06853/);
  for (const [benchmark, rows] of [
    ['motionbench', 15],
    ['favor', 21],
    ['seedbench', 8],
    ['videomme', 8],
    ['favor-open', 0],
  ] as const) {
    const found = reportedRows(benchmark);
    assert.equal(found.length, rows, benchmark);
    assert.equal(new Set(found.map(({ model }) => model)).size, rows);
    for (const { numbers, model } of found) {
      if (benchmark !== 'favor-open') assert.deepEqual(Object.keys(numbers), [...REPORTED_COLUMNS[benchmark]]);
      assert.ok(numbers.overall, model);
      for (const number of Object.values(numbers)) {
        if (number === null) continue;
        assert.equal(number.origin, 'reported');
        assert.ok(number.percent > 10 && number.percent < 100);
      }
    }
  }
  assert.equal(reportedAblations().length, 4 + 3 + 3 + 3);
  assert.deepEqual(reportedAblations()[0]!.favor, {
    overall: { origin: 'reported', percent: 44.83 },
    average: { origin: 'reported', percent: 44.54 },
  });
});

test('in every whole row Overall is pooled over the known counts and Average the mean of six types, to rounding', () => {
  for (const [benchmark, layout] of [
    ['motionbench', MOTIONBENCH_LAYOUT],
    ['favor', FAVOR_LAYOUT],
  ] as const) {
    const counts = PAPER_DATA.counts[benchmark === 'favor' ? 'favor' : 'motionbench_dev'];
    assert.deepEqual(Object.fromEntries(layout.types.map(({ key, total }) => [key, total])), counts);
    let whole = 0;
    for (const { model, numbers } of reportedRows(benchmark)) {
      const percents = layout.types.map(({ key }) => numbers[key]?.percent ?? Number.NaN);
      if (percents.some(Number.isNaN)) continue;
      whole++;
      const questions = layout.types.reduce((sum, { total }) => sum + total!, 0);
      const pooled = layout.types.reduce((sum, { total }, i) => sum + percents[i]! * total!, 0) / questions;
      const mean = percents.reduce((a, b) => a + b, 0) / 6;
      assert.ok(Math.abs(numbers.overall!.percent - pooled) < 0.011, `${model}: ${pooled}`);
      assert.ok(Math.abs(numbers.average!.percent - mean) < 0.011, `${model}: ${mean}`);
    }
    assert.ok(whole >= 10);
  }
});

test('models are found however they are spelt', () => {
  for (const name of ['Qwen2.5-VL-3B', 'Qwen2.5VL-3B', 'Qwen/Qwen2.5-VL-3B-Instruct', 'qwen2.5 vl 3b']) {
    assert.equal(reportedRow('motionbench', name)!.numbers.overall!.percent, 53.56, name);
    assert.equal(reportedRow('favor', name)!.numbers.overall!.percent, 37.43, name);
  }
  assert.equal(reportedRow('favor', 'Qwen2.5-VL-7B + MotionEnhancer')!.numbers.average!.percent, 47.01);
  assert.equal(reportedRow('favor', 'OpenGVLab/InternVL3-8B-hf')!.numbers.overall!.percent, 45.82);
  assert.equal(reportedRow('seedbench', 'VITA1.5-7B'), null, 'a row without numbers there');
  assert.equal(reportedRow('motionbench', 'Qwen2.5-VL-32B'), null);
});
