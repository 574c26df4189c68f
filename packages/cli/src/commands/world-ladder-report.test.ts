import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { mock, test } from 'node:test';
import { forestPlot } from '@motion-enhancer/core/internal/view/forest-plot.js';
import { compareConditions, mainSetup, onlyConditions } from '@motion-enhancer/motion-world/internal/sweep/compare.js';
import { forestNotes, sweepForest } from '@motion-enhancer/motion-world/internal/sweep/forest.js';
import { sweepTables } from '@motion-enhancer/motion-world/internal/sweep/report.js';
import { addResults, readResults } from '@motion-enhancer/motion-world/internal/sweep/results.js';
import { interval95 } from '@motion-enhancer/motion-world/internal/sweep/statistics.js';
import { testResult as result, SETUP } from '@motion-enhancer/motion-world/internal/sweep/testing.js';
import { temporaryFolder } from '@motion-enhancer/support/testing';
import { command } from './world-ladder-report.js';

const seeds = [0, 1, 2];
const RIGHT = { plain: [40, 52, 47], masks: [49, 55, 58], 'masks:other': [41, 50, 48], 'change-r-last': [38, 52, 49] };
const MAIN = Object.entries(RIGHT).flatMap(([arm, right]) => seeds.map((seed) => result(arm, seed, right[seed]!)));
const SMALL = [result('plain:n=5', 0, 1), result('masks:n=5', 0, 9)].map((one) => ({
  ...one,
  setup: { ...SETUP, clips: 1600 },
}));
const OLD = [0, 1, 2, 3, 4, 5, 6].flatMap((seed) => [result('plain', seed, 1), result('masks', seed, 99)]);
for (const one of OLD) delete one.setup;

test('the picture shows the table’s statistics, drawn and in words', () => {
  const main = mainSetup(compareConditions([...OLD, ...SMALL, ...MAIN]))!;
  assert.equal(main.runs.length, MAIN.length, 'not the old lines, though they are more; not the first');
  const { text } = forestPlot(sweepForest(main));
  const [{ head, rows }] = sweepTables(MAIN) as [ReturnType<typeof sweepTables>[0]];
  const ticks = [...text.matchAll(/<text class="soft tick" x="([\d.]+)"[^>]*>([^<]+)</g)];
  const at = ticks.map(([, x, name]) => [Number(name!.replace('−', '-')), Number(x)] as const);
  const [[v0, x0], [v1, x1]] = [at[0]!, at.at(-1)!];
  const value = (x: string) => v0 + ((Number(x) - x0) / (x1 - x0)) * (v1 - v0);
  const shown = (mean: number, half: number) =>
    `${mean < 0 ? '−' : '+'}${Math.abs(mean).toFixed(1)} ± ${half.toFixed(1)}`;
  const drawn = text.split('<g>').slice(1);
  assert.equal(drawn.length, rows.length - 1, 'a row an arm; plain is the line at 0');
  drawn.forEach((row, i) => {
    const cells = rows[i + 1]!;
    const expected = [cells[head.indexOf('overall')]!, cells[head.indexOf('− control')]!];
    const [label, ...texts] = [...row.matchAll(/<text[^>]*>([^<]*)</g)].map(([, cell]) => cell!);
    assert.deepEqual([label, ...texts], [cells[0], ...expected]);
    for (const [kind, mark] of [
      [0, /<circle class="m0" cx="([\d.-]+)"/],
      [1, /<path class="m1" d="M([\d.-]+) /],
    ] as const) {
      const mean = mark.exec(row)?.[1];
      assert.equal(mean === undefined, expected[kind] === '');
      if (mean === undefined) continue;
      const [, from, to] = new RegExp(`class="span m${kind}" x1="([\\d.-]+)" x2="([\\d.-]+)"`).exec(row)!;
      // A tenth of a unit of the picture is the precision of its coordinates; the table's is a tenth of a point.
      const [, sign, size, half] = /^(.)([\d.]+) ± ([\d.]+)$/.exec(expected[kind]!)!;
      const slack = 0.051 + (0.11 * (v1 - v0)) / (x1 - x0);
      assert.ok(Math.abs(value(mean) - (sign === '−' ? -1 : 1) * Number(size)) < slack, `${label}: mean`);
      assert.ok(Math.abs((value(to!) - value(from!)) / 2 - Number(half)) < slack, `${label}: half`);
    }
  });
  // Worked by hand from RIGHT: of 400 questions each.
  const { mean, half } = interval95([2.25, 0.75, 2.75]);
  assert.equal(/>masks<.*?>([^<]*±[^<]*)</s.exec(drawn[0]!)![1], shown(mean, half));
});

test('its sentence says seeds, questions and what kind of models', () => {
  const main = mainSetup(compareConditions([...MAIN, result('masks:still', 1, 50)]))!;
  const [scope, plain] = forestNotes(main);
  assert.match(scope!, /^1 to 3 seeds an arm, 400 test questions about 100 clips\. .*mini models in a synthetic world/);
  assert.match(plain!, /answers 49\.1 % of/);
});

test('one seed has no interval, and an arm without plain has nothing: both are drawn without NaN', () => {
  const one = mainSetup(
    compareConditions([result('plain', 0, 40), result('masks', 0, 44), result('masks:n=7', 0, 44)]),
  )!;
  const forest = sweepForest(one, forestNotes(one));
  assert.deepEqual(
    forest.rows.map(({ texts }) => texts),
    [
      ['+1.0 ± ?', ''],
      ['', ''],
    ],
  );
  const { text } = forestPlot(forest);
  assert.doesNotMatch(text, /NaN|Infinity|undefined/);
  assert.doesNotMatch(text, /class="span/);
  const plainAlone = mainSetup(compareConditions([result('plain', 0, 40)]))!;
  assert.doesNotMatch(forestPlot(sweepForest(plainAlone, forestNotes(plainAlone))).text, /NaN|Infinity|undefined/);
  assert.equal(mainSetup(compareConditions(OLD)), null);
});

test('arms of equal settings whose maps were made of different things are told apart', () => {
  const made = (maps: string) => [0, 1].map((seed) => ({ ...result('x', seed, 50), maps }));
  const [{ rows }] = sweepTables([...made('4x4 aa'), ...made('4x4 bb')]) as [ReturnType<typeof sweepTables>[0]];
  assert.deepEqual(
    rows.map(([name]) => name),
    ['x (4x4 aa)', 'x (4x4 bb)'],
  );
});

test('onlyConditions keeps named arms and their plain; an arm that is not there is refused', () => {
  const all = compareConditions([...SMALL, ...MAIN], ['change-r-last', 'masks']);
  const names = onlyConditions(all, ['change-r-last', 'masks']).map(({ arms }) => arms.map(({ name }) => name));
  assert.deepEqual(names, [['change-r-last', 'masks', 'plain']]);
  assert.deepEqual(
    onlyConditions(all, ['masks:n=5']).map(({ arms }) => arms.map(({ name }) => name)),
    [['plain:n=5', 'masks:n=5']],
  );
  assert.throws(() => onlyConditions(all, ['masks:still']), {
    name: 'UserError',
    message: /--arm but received "masks:still"/,
  });
});

test('intervals of more pairs than the table of t has', () => {
  const half = (count: number) => {
    const { half } = interval95(Array.from({ length: count }, (_, i) => (i % 2 === 0 ? 1 : -1)));
    return half / Math.sqrt(1 / (count - 1));
  };
  // t at 41 and at 121 degrees of freedom, of a table: 2.0195 and 1.9798.
  assert.ok(Math.abs(half(42) - 2.0195) < 1e-4 && Math.abs(half(122) - 1.9798) < 1e-4);
});

test('world ladder-report writes the picture and a compact file that gives the same tables', async () => {
  const dir = temporaryFolder();
  const at = (name: string) => join(dir, name);
  addResults(at('r.jsonl'), [...OLD, ...SMALL, ...MAIN]);
  const written = ['--picture', at('p.svg'), '--compact', at('c.jsonl'), '--out', at('t.md')];
  assert.equal(await command.run(['--results', at('r.jsonl'), '--arm', 'change-r-last', ...written]), 0);
  const svg = readFileSync(at('p.svg'), 'utf8');
  assert.deepEqual(
    [...svg.matchAll(/<g><title>([^,]+),/g)].map(([, name]) => name),
    ['change-r-last', 'masks', 'masks:other'],
  );
  assert.match(svg, /3 seeds an arm, 400 test questions/);
  assert.deepEqual(readResults(at('c.jsonl')), readResults(at('r.jsonl')));
  await assert.rejects(command.run(['--results', at('r.jsonl'), '--picture', at('p.png')]), /ends in \.svg/);
  await assert.rejects(command.run(['--results', at('r.jsonl'), '--only']), /at least one --arm/);
  addResults(at('old.jsonl'), OLD);
  await assert.rejects(command.run(['--results', at('old.jsonl'), '--picture', at('p.svg')]), /no main setup/);
  const log = mock.method(console, 'log', () => {});
  try {
    await command.run(['--results', at('c.jsonl'), '--arm', 'change-r-last']);
    assert.equal(log.mock.calls[0]!.arguments[0], readFileSync(at('t.md'), 'utf8'));
    await command.run(['--results', at('c.jsonl'), '--from-seed', '1', '--only', '--arm', 'masks']);
    assert.match(String(log.mock.calls[1]!.arguments[0]), /\n\| masks \| 1000 \| 2 \| \+1\.[78] ± 12\.7 /); // 3 and 11 of 400
  } finally {
    log.mock.restore();
  }
  await assert.rejects(command.run(['--results', at('c.jsonl'), '--from-seed', '9']), /to 6\) for --from-seed .*"?9/);
});
