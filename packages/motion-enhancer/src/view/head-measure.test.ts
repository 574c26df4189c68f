import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { PriorHead, PriorInfo } from '../prior/store/prior.js';
import { headChart } from './head-chart.js';
import { rankedHeads } from './head-measure.js';
import { headTable } from './tables.js';

const head = (own: Partial<PriorHead>): PriorHead => ({
  dfc: 1,
  tcs: 1,
  dsr: 1,
  score: 0,
  rank: 0,
  kept: false,
  ...own,
});
const made = (heads: PriorHead[], selection?: string) =>
  ({ heads, options: selection ? { selection } : {} }) as unknown as Pick<PriorInfo, 'heads' | 'options'>;

test('heads are shown by what ranked them, named by layer and head where layers were chosen apart', () => {
  const heads = [
    head({ layer: 0, head: 1, score: 3, change: 0.2, rank: 1 }),
    head({ layer: 4, head: 2, score: -2, change: 0.7, rank: 0, kept: true }),
  ];
  const { ranked, by } = rankedHeads(made(heads, 'change'));
  assert.equal(by, 'change');
  assert.deepEqual(
    ranked.map(({ name, measure }) => [name, measure]),
    [
      ['4.2', 0.7],
      ['0.1', 0.2],
    ],
  );
  assert.match(
    headTable(made(heads, 'change')).text,
    /MHS score.*change.*<tr class="may kept"><td data-value="1">4\.2</s,
  );
  const other = heads.map((h) => ({ ...h, change: 0.5 }));
  assert.notDeepEqual(headChart(made(heads, 'change')).data, headChart(made(other, 'change')).data);
});

test('MHS, and priors of before there was a choice, are shown by their score', () => {
  const heads = [head({ score: 1, rank: 1 }), head({ score: 2, rank: 0 })];
  for (const selection of ['mhs', undefined]) {
    const { ranked, by } = rankedHeads(made(heads, selection));
    assert.equal(by, 'score');
    assert.deepEqual(
      ranked.map(({ name, measure }) => [name, measure]),
      [
        ['1', 2],
        ['0', 1],
      ],
    );
  }
  assert.doesNotMatch(headTable(made(heads)).text, /MHS score/);
});
