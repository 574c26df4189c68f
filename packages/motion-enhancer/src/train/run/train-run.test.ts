// A run as a whole: what it leaves in its folder, and what ends it early.
import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { aten, noGrad, scope } from '@motion-enhancer/libtorch';
import { leakFree } from '@motion-enhancer/libtorch/testing';
import { loadAligner } from '../../align/index.js';
import { loadVlm, type Vlm } from '../../vlm/families/load.js';
import { BROKEN_VIDEO, row, testRecipe } from '../testing.js';
import { type Given, info, newRun, priors, rows, trained, vlmDir } from '../testing-runs.js';
import { train } from './train.js';

leakFree('more broken rows than their share allows stop the run', async () => {
  const many = ['a', 'x', 'y', 'z'].map((id) => row(id, id === 'a' ? {} : { video: BROKEN_VIDEO }));
  const recipe = { steps: 4, batchSize: 2, maxBroken: 0.5 };
  await assert.rejects(trained({ rows: many, recipe }), {
    code: 'ERR_DATA',
    message: /3 of the 4 rows cannot be used, more than the share of maxBroken allows/,
  });
});

leakFree('what a mixture took and which rows are malformed stand in the run’s folder', async () => {
  const sets = [
    {
      ...{ name: 'one', path: '/one.json', media: '/', rows: 9, malformed: 1, untagged: 0 },
      asked: '2',
      ids: ['a', 'b'],
    },
  ];
  const malformed = [{ line: 4, reason: 'not an object' }];
  await trained({ sets, malformed, recipe: { steps: 1 } }, ({ out, checkpoint }) => {
    assert.deepEqual(JSON.parse(readFileSync(join(out, 'data.json'), 'utf8')), { seed: 0, sets });
    assert.deepEqual(JSON.parse(readFileSync(join(out, 'malformed-rows.jsonl'), 'utf8')), malformed[0]);
    assert.match(readFileSync(join(checkpoint, 'README.md'), 'utf8'), /one: 2 of 9 rows/);
  });
});

leakFree('log.jsonl and run.json say what was run', async () => {
  const recipe = { steps: 3, seed: 9 };
  await trained({ recipe }, ({ out, log }) => {
    const lines = readFileSync(join(out, 'log.jsonl'), 'utf8').trimEnd().split('\n');
    assert.deepEqual(
      lines.map((line) => JSON.parse(line)),
      log,
    );
    assert.deepEqual(
      log.map((step) => step.step),
      [1, 2, 3],
    );
    const run = JSON.parse(readFileSync(join(out, 'run.json'), 'utf8'));
    assert.deepEqual(run.recipe, testRecipe(recipe));
    assert.deepEqual([run.vlm, run.priors, run.rows, run.steps], [vlmDir, priors, 2, 3]);
    assert.deepEqual(run.alignmentGrid, info.grid);
  });
});

leakFree('the checkpoint has the trained weights and all that is needed to use it', async () => {
  await trained({ recipe: { warmupRatio: 0 } }, ({ checkpoint, vlm, out }) => {
    const again = loadVlm(checkpoint, { device: 'cpu', dtype: 'float32' });
    for (const [name, parameter] of vlm.model.parameters())
      assert.equal(aten.equal(parameter, again.model.parameters().get(name)!), true, name);
    assert.equal(again.weights, 'random');
    assert.deepEqual(again.generation, vlm.generation);
    assert.deepEqual(again.tokenizer.encode('Ein Hund 🐕').ids, vlm.tokenizer.encode('Ein Hund 🐕').ids);
    again.dispose();
    const beside = (folder: string) =>
      readdirSync(folder)
        .filter((name) => /\.(json|txt)$/.test(name))
        .sort();
    assert.deepEqual(beside(checkpoint), [...beside(vlmDir), 'motion-enhancer.json'].sort());
    const aligner = loadAligner(join(out, 'aligner.safetensors'));
    assert.deepEqual([aligner.kind, aligner.cells, aligner.hidden], ['mlp', 24, 16]);
    aligner.dispose();
  });
});

leakFree('without priors there is no aligner to keep', async () => {
  await trained({ priors: null, recipe: { steps: 1 } }, ({ out }) => {
    assert.equal(existsSync(join(out, 'aligner.safetensors')), false);
  });
});

leakFree('a step that is not finite stops the run, named, and nothing is saved', async () => {
  const stops = async (given: Given, step: number, poison?: (vlm: Vlm) => void) => {
    const out = newRun();
    const vlm = loadVlm(vlmDir, { device: 'cpu', dtype: 'float32', trainable: true });
    try {
      poison?.(vlm);
      const recipe = testRecipe(given.recipe);
      await assert.rejects(train({ vlm, rows, priors, out, recipe }), {
        name: 'UserError',
        code: 'ERR_NOT_FINITE',
        message: new RegExp(`^Step ${step} .*samples (a|b)`),
      });
      assert.equal([...vlm.model.parameters().values()].filter((p) => p.grad).length, 0);
    } finally {
      vlm.dispose();
    }
    assert.deepEqual(readdirSync(out).sort(), ['log.jsonl', `not-finite-step-${step}.json`, 'run.json', 'tensorboard']);
    const lines = readFileSync(join(out, 'log.jsonl'), 'utf8').split('\n').filter(Boolean);
    assert.equal(lines.length, step - 1);
  };
  await stops({ recipe: { lr: 1e30, steps: 5 } }, 3);
  await stops({}, 1, ({ model }) => {
    const norm = model.parameters().get('model.language_model.norm.weight')!;
    noGrad(() => scope(() => void norm.fill_(Number.NaN)));
  });
});

leakFree('a run that is told to stop saves and says so; README.md says what a checkpoint is', async () => {
  const stop = new AbortController();
  const onStep = () => stop.abort();
  await trained({ signal: stop.signal, onStep, recipe: { steps: 9 } }, (run) => {
    assert.deepEqual([run.finished, run.steps, existsSync(run.checkpoint)], [false, 1, false]);
    assert.match(run.state!, /step-00000001$/);
  });
  await trained({}, (run) => {
    const card = readFileSync(join(run.checkpoint, 'README.md'), 'utf8');
    assert.match(card, /random/);
    assert.match(card, /1 from `.*priors`, resized to 2 × 3 × 4/);
    assert.match(card, /batchSize: 1/);
  });
});

leakFree('errors leave no tensor behind', async () => {
  const broken = [row('a', { video: BROKEN_VIDEO })];
  await assert.rejects(trained({ rows: broken, priors: null }), { code: 'ERR_DATA' });
  await assert.rejects(trained({ rows: rows.slice(1) }), {
    code: 'ERR_PRIOR',
    message: /None of the 1 rows has a prior/,
  });
  await assert.rejects(trained({ out: join(vlmDir, 'config.json') }), { code: 'ERR_WRITE' });
  const onStep = () => {
    throw new Error('the listener');
  };
  await assert.rejects(trained({ onStep, recipe: { batchSize: 2 } }), { message: 'the listener' });
});
