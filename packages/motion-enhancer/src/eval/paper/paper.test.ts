import assert from 'node:assert/strict';
import { test } from 'node:test';
import { benchmarkOf } from '../benchmarks/table.js';
import { reportedRow as rowIn } from './index.js';
import { PAPER_DATA, PAPER_SOURCE } from './paper-data.js';

const tableOf = (benchmark: string) => benchmarkOf(benchmark).reported!;
const reportedRow = (benchmark: string, model: string) => rowIn(tableOf(benchmark), model);

test('all rows of all tables, every number flagged as reported', () => {
  assert.match(PAPER_SOURCE, /^arXiv 2606\.06853/);
  for (const [benchmark, rows] of [
    ['motionbench', 15],
    ['favor', 21],
    ['seedbench', 8],
    ['videomme', 8],
  ] as const) {
    const { columns, rows: read } = tableOf(benchmark);
    const found = read();
    assert.equal(found.length, rows, benchmark);
    assert.equal(new Set(found.map(({ model }) => model)).size, rows);
    for (const { numbers, model } of found) {
      assert.deepEqual(Object.keys(numbers), [...columns]);
      assert.ok(numbers.overall, model);
      for (const number of Object.values(numbers)) {
        if (number === null) continue;
        assert.equal(number.origin, 'reported');
        assert.ok(number.percent > 10 && number.percent < 100);
      }
    }
  }
  assert.equal(benchmarkOf('favor-open').reported, undefined, 'it is not in the paper');
  for (const benchmark of ['motionbench', 'favor']) assert.equal(tableOf(benchmark).ablations!().length, 4 + 3 + 3 + 3);
  assert.equal(
    tableOf('motionbench').ablations!()[0]!.numbers.overall.percent,
    PAPER_DATA.ablation_7b[0]!.motionbench[0],
  );
  assert.deepEqual(tableOf('favor').ablations!()[0]!.numbers, {
    overall: { origin: 'reported', percent: 44.83 },
    average: { origin: 'reported', percent: 44.54 },
  });
});

test('in every whole row Overall is pooled over the known counts and Average the mean of six types, to rounding', () => {
  for (const benchmark of ['motionbench', 'favor']) {
    const layout = benchmarkOf(benchmark).layout!;
    const counts = PAPER_DATA.counts[benchmark === 'favor' ? 'favor' : 'motionbench_dev'];
    assert.deepEqual(Object.fromEntries(layout.types.map(({ key, total }) => [key, total])), counts);
    let whole = 0;
    for (const { model, numbers } of tableOf(benchmark).rows()) {
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
