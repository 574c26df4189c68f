// Which maps L_MSE sees in a run: chosen heads and words, sharpened, scaled.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { scope } from '@motion-enhancer/libtorch';
import { closeTo, leakFree } from '@motion-enhancer/libtorch/testing';
import { PriorStore } from '../../prior/store/store.js';
import { trainingOrder } from '../data/order.js';
import type { Recipe } from '../recipe.js';
import { row, TEXT, timeless } from '../testing.js';
import { dir, info, priors, type Run, rows, trained } from '../testing-runs.js';
import type { StepLog } from './train.js';

/** Of a run of one step over two rows, the first of which has a prior: one that begins with the other. */
const seedWithoutPrior = () => [...Array(20).keys()].find((seed) => trainingOrder(2, 1, seed)[0] === 1)!;

leakFree('all rows of the ablation come from one store of priors; the words that are dropped are told', async () => {
  const settings = [{}, { words: 'all' }, { heads: 'all' }, { heads: 'all', words: 'all' }, { lambda: 0 }] as const;
  const notes: string[] = [];
  const logs: StepLog[] = [];
  const turns = row('a').turns.map((turn) => ({ ...turn, content: turn.content.replace('fence', 'wall') }));
  for (const given of settings) {
    const recipe: Partial<Recipe> = { steps: 1, ...given };
    logs.push(
      (await trained({ rows: [row('a', { turns, caption: TEXT })], recipe, onNote: (note) => notes.push(note) }))[0]!,
    );
  }
  assert.deepEqual(
    logs.map(({ words, droppedWords }) => words + droppedWords),
    [5, 9, 5, 9, 0],
    'half of the words, or all',
  );
  assert.deepEqual([logs[1]!.droppedWords, logs[3]!.droppedWords], [1, 1], 'the fence');
  assert.equal(new Set(logs.map(({ lossAlign }) => lossAlign)).size, 5, 'each has maps of its own');
  assert.match(notes[0]!, /1 of 1 rows have one/);
  assert.match(notes[3]!, /words: 8 aligned, 1 \(11\.1 %\) not found/);
});

leakFree('sharpen reaches L_MSE: as if the priors had been stored so; it stands in the run’s record', async () => {
  // Maps as large as the VLM's attention: of smaller ones L_MSE with the identity hardly depends on their form.
  const [large, sharpened] = ['large', 'sharpened'].map((name) => join(dir, name)) as [string, string];
  scope(() => {
    const { rows_WFHW } = new PriorStore(priors).read(info.key);
    const { shape } = rows_WFHW;
    const maps = rows_WFHW.flatten(1).mul(100);
    const powers = maps.pow(4);
    const sharp = powers.mul(maps.sum(-1, true).div(powers.sum(-1, true)));
    new PriorStore(large).write({ info, rows_WFHW: maps.view(...shape) });
    new PriorStore(sharpened).write({ info, rows_WFHW: sharp.view(...shape) });
  });
  const loss = async (from: string, given: Partial<Recipe> = {}, look?: (run: Run) => void) => {
    const recipe = { steps: 1, words: 'all', aligner: 'identity', ...given } as const;
    return (await trained({ rows: rows.slice(0, 1), priors: from, recipe }, look))[0]!.lossAlign!;
  };
  const [plain, stored] = [await loss(large), await loss(sharpened)];
  const sharp = await loss(large, { sharpen: 4 }, ({ out, checkpoint }) => {
    assert.equal(JSON.parse(readFileSync(join(out, 'run.json'), 'utf8')).recipe.sharpen, 4);
    assert.match(readFileSync(join(checkpoint, 'README.md'), 'utf8'), /sharpen: 4/);
  });
  // Stored maps are rounded to float16.
  closeTo([sharp], [stored], 1e-4);
  assert.ok(Math.abs(sharp / plain - 1) > 0.01, `${sharp} against ${plain}`);
});

leakFree(
  'priorScale share: L_MSE is that of priors stored with this sum; log, state and card say the sum; others are told',
  async () => {
    const recipe = { steps: 1, words: 'all', aligner: 'identity', sharpen: 2, priorScale: 'share' } as const;
    const notes: string[] = [];
    const onNote = (note: string) => notes.push(note);
    let rowSum = 0;
    const [step] = await trained(
      { rows: rows.slice(0, 1), recipe: { ...recipe, steps: 2, saveEvery: 1 }, onNote },
      (run) => {
        const state = JSON.parse(readFileSync(join(run.out, 'states', 'step-00000001', 'state.json'), 'utf8'));
        rowSum = state.rowSum;
        assert.deepEqual(
          run.log.map((entry) => entry.rowSum),
          [rowSum, rowSum],
        );
        const card = readFileSync(join(run.checkpoint, 'README.md'), 'utf8');
        assert.ok(card.includes(`scaled to the sum ${rowSum.toPrecision(4)}`), card);
      },
    );
    assert.ok(
      notes.some((note) =>
        note.includes(`scaled to the sum ${rowSum.toPrecision(4)}, the mean of 9 aligned words of 1`),
      ),
    );
    const storedWith = (sum: number) => {
      const folder = join(dir, `scaled to ${sum}`);
      scope(() => {
        const { rows_WFHW } = new PriorStore(priors).read(info.key);
        const squares = rows_WFHW.flatten(1).square();
        const maps = squares
          .mul(sum)
          .div(squares.sum(-1, true))
          .view(...rows_WFHW.shape);
        new PriorStore(folder).write({ info, rows_WFHW: maps });
      });
      return folder;
    };
    const raw = { ...recipe, sharpen: 1, priorScale: 'raw' } as const;
    const [same] = await trained({ rows: rows.slice(0, 1), priors: storedWith(rowSum), recipe: raw });
    // Stored maps are rounded to float16.
    closeTo([step!.lossAlign!], [same!.lossAlign!], 1e-4);
    // Maps of next to no mass are as far from even attention as these are: twice the sum is surely further.
    const [other] = await trained({ rows: rows.slice(0, 1), priors: storedWith(2 * rowSum), recipe: raw });
    assert.ok(Math.abs(other!.lossAlign! / same!.lossAlign! - 1) > 0.01);
    assert.ok(!('rowSum' in other!), 'raw leaves the log as it was');
    // Without priors it has no effect, as all of the alignment has none.
    assert.deepEqual(
      timeless(await trained({ priors: null, recipe })),
      timeless(await trained({ priors: null, recipe: raw })),
    );
    await assert.rejects(trained({ recipe: { ...recipe, alignmentLoss: 'min-max' } }), {
      code: 'ERR_VALUE',
      message: /Expected raw for priorScale but received "share"\. With alignmentLoss min-max/,
    });
    await assert.rejects(trained({ recipe: { ...recipe, seed: seedWithoutPrior() } }), {
      code: 'ERR_PRIOR',
      message: /none of this run has one/,
    });
  },
);
