import assert from 'node:assert/strict';
import { join } from 'node:path';
import { noGrad, scope, tensor } from '@motion-enhancer/libtorch';
import { closeTo, leakFree } from '@motion-enhancer/libtorch/testing';
import { temporaryFolder } from '@motion-enhancer/support/testing';
import { resizeMaps } from '../../align/index.js';
import type { Row } from '../../data/rows.js';
import { loadVlm, type Vlm } from '../../vlm/families/load.js';
import { writeTestForm } from '../../vlm/testing.js';
import { disposeSample, prepareSample } from '../data/prepared-sample.js';
import { PriorIndex } from '../data/prior-index.js';
import { BROKEN_VIDEO, OTHER_VIDEO, row, seen, TEXT, testRecipe, writePrior } from '../testing.js';
import { meanRowSum } from './row-sum.js';

const dir = temporaryFolder();
const recipe = testRecipe({ priorScale: 'share', sharpen: 4 });
const turns = (content: string): Row['turns'] => [
  { role: 'user', content: 'What happens?' },
  { role: 'assistant', content },
];
const rows = [
  row('a'),
  row('none', { turns: turns('None.') }),
  row('broken', { video: BROKEN_VIDEO }),
  row('wordless', { turns: turns('Nothing else'), caption: TEXT }),
  row('b', { video: OTHER_VIDEO, turns: turns(`Look: ${TEXT}`), caption: TEXT }),
];

/** From the whole attention of the chat: by word the sum over the visual tokens, and that of the row on the run's grid. */
async function byHand(vlm: Vlm, index: PriorIndex, of: Row): Promise<{ shares: number[]; sums: number[] }> {
  const item = await prepareSample(vlm, of, recipe, index);
  const { chat, prior } = item;
  const found = noGrad(() =>
    scope(() => {
      const all = chat.ids.map((_, i) => i);
      const visual = vlm.encode(chat.inputs);
      const attention = vlm.forward(chat, { visual, rows: all, logits: 'last' }).rows!.toArray();
      const [{ positions, grid }] = chat.media as [(typeof chat.media)[number]];
      const values = prior!.words.flatMap((tokens) =>
        positions.map((p) => tokens.reduce((sum, t) => sum + attention[t * all.length + p]!, 0) / tokens.length),
      );
      const rows_WS = tensor(values, { shape: [prior!.words.length, positions.length] });
      const [frames, height, width] = grid;
      const resized = resizeMaps(rows_WS, { frames, height, width }, index.grid);
      return { shares: rows_WS.sum(-1).toArray(), sums: resized.sum(-1).toArray() };
    }),
  );
  disposeSample(item);
  return found;
}

const mean = (list: readonly number[]) => list.reduce((a, b) => a + b, 0) / list.length;

for (const form of ['qwen-hub', 'internvl-hf'] as const)
  leakFree(`${form}: the mean over aligned words, from the whole attention`, async () => {
    const priors = join(dir, `priors-${form}`);
    for (const { id, video } of rows.filter((r) => r.id !== 'none')) writePrior(priors, id, { video: seen(video) });
    const index = new PriorIndex(priors, 4096);
    const vlm = loadVlm(writeTestForm(join(dir, form), form), { device: 'cpu', dtype: 'float32', trainable: true });
    try {
      const notes: string[] = [];
      const measure = (order: number[], given = {}) =>
        meanRowSum({ vlm, rows, order, recipe: { ...recipe, ...given }, index, onNote: (note) => notes.push(note) });
      const [a, b] = [await byHand(vlm, index, rows[0]!), await byHand(vlm, index, rows[4]!)];
      assert.ok([...a.shares, ...b.shares].every((share) => share > 0 && share < 1));
      closeTo([await measure([0])], [mean(a.sums)], 1e-5);
      assert.notEqual(mean(a.sums), mean(b.sums));
      const both = await measure([1, 2, 3, 4, 0, 0, 4]);
      closeTo(
        [both],
        [mean([...a.sums, ...b.sums])],
        1e-5,
        'each sample once; without prior, broken or wordless: none',
      );
      const words = a.sums.length + b.sums.length;
      assert.match(
        notes[1]!,
        new RegExp(`scaled to the sum 0\\.\\d+, the mean of ${words} aligned words of 2 samples`),
      );
      assert.equal(await measure([0, 4]), await measure([0, 4], { batchSize: 7, sharpen: 1 }));
      await assert.rejects(measure([1, 2, 3]), { code: 'ERR_PRIOR', message: /priorScale share but none of this run/ });
    } finally {
      vlm.dispose();
    }
  });

leakFree(
  'where the grids are equal it is the share of attention that falls on the video; 32 samples at most',
  async () => {
    const vlm = loadVlm(writeTestForm(join(dir, 'equal'), 'qwen-hub'), { device: 'cpu', dtype: 'float32' });
    const item = await prepareSample(vlm, row('a'), recipe, null);
    const [frames, height, width] = item.chat.media[0]!.grid;
    disposeSample(item);
    const grid = { frames, height, width };
    const priors = join(dir, 'priors-equal');
    const many = Array.from({ length: 33 }, (_, i) =>
      row(`s${i}`, i === 32 ? { turns: turns(`No. ${TEXT}`), caption: TEXT } : {}),
    );
    for (const { id } of many) writePrior(priors, id, { grid });
    const index = new PriorIndex(priors, 4096);
    const measure = (order: number[]) => meanRowSum({ vlm, rows: many, order, recipe: recipe, index });
    const all = many.map((_, i) => i);
    closeTo([await measure([0])], [mean((await byHand(vlm, index, many[0]!)).shares)], 1e-5);
    assert.equal(await measure(all), await measure(all.slice(0, 32)), 'the 33rd, which differs, is not looked at');
    assert.notEqual(await measure(all.toReversed()), await measure(all));
    vlm.dispose();
  },
);
