import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { AdamW, aten, backward, clipGradNorm, Generator, gradNorm, noGrad, scope } from '@motion-enhancer/libtorch';
import { createAligner, loadAligner } from '../align/index.js';
import { PriorStore } from '../prior/store.js';
import { closeTo } from '../testing/close-to.js';
import { temporaryFolder } from '../testing/temporary-folder.js';
import { tensorTestAsync } from '../testing/tensor-test.js';
import { loadVlm, type Vlm } from '../vlm/load.js';
import { stepPrior, stepSample } from './batch.js';
import { parameterGroups } from './groups.js';
import { trainingOrder } from './order.js';
import { PriorIndex } from './prior-index.js';
import type { Recipe } from './recipe.js';
import { disposeSample, prepareSample } from './sample.js';
import { alignedStep } from './step.js';
import { BROKEN_VIDEO, OTHER_VIDEO, row, testRecipe, writePrior, writeTestVlm } from './testing.js';
import { type StepLog, type TrainOptions, type TrainResult, train } from './train.js';

const dir = temporaryFolder();
const vlmDir = writeTestVlm(join(dir, 'vlm'));
const priors = join(dir, 'priors');
const info = writePrior(priors, 'a');
const rows = [row('a'), row('b', { video: OTHER_VIDEO })];
let runs = 0;

type Run = TrainResult & { out: string; vlm: Vlm };
type Given = Partial<Omit<TrainOptions, 'recipe'>> & { recipe?: Partial<Recipe> };

/** Trains a fresh copy of the test's VLM; `look` sees what came of it before it is freed. */
async function trained(given: Given = {}, look?: (run: Run) => void): Promise<StepLog[]> {
  const out = join(dir, `run-${runs++}`);
  const vlm = loadVlm(vlmDir, { device: 'cpu', dtype: 'float32', trainable: true });
  try {
    const result = await train({ vlm, rows, priors, out, ...given, recipe: testRecipe(given.recipe) });
    look?.({ ...result, out, vlm });
    return result.log;
  } finally {
    vlm.dispose();
  }
}

/** Of a run of one step over two rows, the first of which has a prior: one that begins with the other. */
const seedWithoutPrior = () => [...Array(20).keys()].find((seed) => trainingOrder(2, 1, seed)[0] === 1)!;

/** A log without what the clock says. */
const timeless = (log: readonly StepLog[]) =>
  log.map(({ seconds, tokensPerSecond, waitSeconds, etaSeconds, memoryBytes, mfu, ...rest }) => rest);

/** Largest change of each parameter against the start. */
function changes({ vlm }: Run): Map<string, number> {
  const start = loadVlm(vlmDir, { device: 'cpu', dtype: 'float32' });
  const found = new Map<string, number>();
  noGrad(() =>
    scope(() => {
      for (const [name, parameter] of vlm.model.parameters())
        found.set(name, parameter.sub(start.model.parameters().get(name)!).abs().max().item());
    }),
  );
  start.dispose();
  return found;
}

tensorTestAsync('λ = 0 is plain fine-tuning, bit for bit', async () => {
  const recipe = { warmupRatio: 0, steps: 3 };
  const plain = await trained({ priors: null, recipe });
  assert.ok(plain.every((step) => step.lossAlign === null && step.loss === step.lossAr && step.aligned === 0));
  assert.deepEqual(timeless(await trained({ recipe: { ...recipe, lambda: 0 } })), timeless(plain));
  const aligned = await trained({ recipe });
  assert.notDeepEqual(
    aligned.map((step) => step.lossAr),
    plain.map((step) => step.lossAr),
  );
});

tensorTestAsync(
  'all rows of the ablation come from one store of priors; the words that are dropped are told',
  async () => {
    const settings = [{}, { words: 'all' }, { heads: 'all' }, { heads: 'all', words: 'all' }, { lambda: 0 }] as const;
    const notes: string[] = [];
    const logs: StepLog[] = [];
    const turns = row('a').turns.map((turn) => ({ ...turn, content: turn.content.replace('fence', 'wall') }));
    for (const given of settings) {
      const recipe: Partial<Recipe> = { steps: 1, ...given };
      logs.push((await trained({ rows: [row('a', { turns })], recipe, onNote: (note) => notes.push(note) }))[0]!);
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
  },
);

tensorTestAsync(
  'sharpen reaches L_MSE: as if the priors had been stored so; it stands in the run’s record',
  async () => {
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
  },
);

tensorTestAsync(
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

tensorTestAsync('more broken rows than their share allows stop the run', async () => {
  const many = ['a', 'x', 'y', 'z'].map((id) => row(id, id === 'a' ? {} : { video: BROKEN_VIDEO }));
  const recipe = { steps: 4, batchSize: 2, maxBroken: 0.5 };
  await assert.rejects(trained({ rows: many, recipe }), {
    code: 'ERR_DATA',
    message: /3 of the 4 rows cannot be used, more than the share of maxBroken allows/,
  });
});

tensorTestAsync('what a mixture took and which rows are malformed stand in the run’s folder', async () => {
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

tensorTestAsync('with a prior L_MSE falls, and the prior pulls by λ', async () => {
  const recipe = { steps: 6, warmupRatio: 0, lr: 5e-3 };
  const log = await trained({ rows: rows.slice(0, 1), recipe });
  const losses = log.map((step) => step.lossAlign!);
  losses.forEach((loss, i) => {
    assert.ok(i === 0 || loss < losses[i - 1]!, losses.join(' '));
  });
  assert.ok(losses.at(-1)! < 0.95 * losses[0]!, losses.join(' '));
  for (const step of log) {
    closeTo([step.loss], [step.lossAr + step.lossAlign!], 1e-12);
    assert.deepEqual([step.aligned, step.droppedWords], [1, 0]);
    assert.equal(step.words, Math.ceil(info.words.length / 2));
  }
});

tensorTestAsync('the same seed gives the same run, another one another', async () => {
  const recipe = { batchSize: 2, seed: 5 };
  const once = await trained({ recipe });
  assert.deepEqual(timeless(await trained({ recipe })), timeless(once));
  assert.notDeepEqual(timeless(await trained({ recipe: { ...recipe, seed: 6 } })), timeless(once));
});

tensorTestAsync('the first step warms up with rate 0: weights stay as they are', async () => {
  const log = await trained({ recipe: { steps: 1 } }, (run) => {
    for (const [name, change] of changes(run)) assert.equal(change, 0, name);
  });
  assert.deepEqual([log.length, log[0]!.lr], [1, 0]);
  assert.ok(log[0]!.gradNorm > 0);
});

tensorTestAsync('rates follow the schedule, each group its own', async () => {
  const recipe = { steps: 4, warmupRatio: 0.25, weightDecay: 0, lr: 1e-3, mergerLr: 3e-4, visionLr: 2e-5 };
  const log = await trained({ recipe });
  // One step of warm-up, then a cosine over the three that are left.
  const cosine = [0, 1, 2].map((k) => 0.5 * (1 + Math.cos((Math.PI * k) / 3)));
  closeTo(
    log.map((step) => step.lr),
    [0, ...cosine.map((c) => c * 1e-3)],
    1e-12,
  );
  // Adam's first real update moves entries by about the rate, whatever the gradient.
  await trained({ recipe: { ...recipe, steps: 1, warmupRatio: 0 } }, (run) => {
    const most = { llm: 0, merger: 0, vision: 0 };
    for (const [name, change] of changes(run)) {
      const group = run.vlm.model.groupOf(name);
      most[group] = Math.max(most[group], change);
    }
    closeTo([most.llm], [1e-3], 0.02);
    closeTo([most.merger], [3e-4], 0.02);
    closeTo([most.vision], [2e-5], 0.02);
  });
});

tensorTestAsync('a batch is the mean of its samples; L_MSE that of those with a prior', async () => {
  const recipe = testRecipe({ steps: 1, warmupRatio: 0, batchSize: 3, lambda: 0.7 });
  const some = join(dir, 'some');
  for (const id of ['a', 'c']) writePrior(some, id);
  const three = [...rows, row('c')];
  const vlm = loadVlm(vlmDir, { device: 'cpu', dtype: 'float32', trainable: true });
  const { model } = vlm;
  const index = new PriorIndex(some, recipe.maxCells);
  const generator = new Generator(recipe.seed);
  const aligner = createAligner({ kind: 'mlp', cells: 24, hidden: recipe.alignerWidth, device: 'cpu', generator });
  generator.dispose();
  const groups = parameterGroups(model, aligner, recipe);
  const optimiser = new AdamW(
    groups.map((g) => ({ params: g.params, lr: g.peak, weightDecay: g.weightDecay })),
    { lr: 1 },
  );
  const chats = await Promise.all(three.map((r) => prepareSample(vlm, r, recipe)));
  // Both losses in one graph, one backward: what the loop has to equal by accumulation.
  const norm = scope(() => {
    const [a, b, c] = three.map(({ id }, i) => {
      const chat = chats[i]!;
      const text = { text: chat.text, spans: chat.tokenSpans, afterVideo: chat.visualSpans[0]![1] };
      const prior = index.place(row(id), text, recipe, 'cpu');
      return alignedStep(model, aligner, stepSample(chat), prior && stepPrior(chat, prior, index.grid), 'norm');
    });
    backward([a!.lossAr.add(b!.lossAr).add(c!.lossAr).div(3).add(a!.lossAlign!.add(c!.lossAlign!).mul(0.35))]);
    assert.equal(b!.lossAlign, null);
    const grads = optimiser.params.map((p) => p.grad);
    const before = gradNorm(grads).item();
    clipGradNorm(grads, recipe.maxGradNorm);
    optimiser.step(grads);
    for (const p of optimiser.params) p.grad = null;
    return before;
  });
  const log = await trained({ rows: three, priors: some, recipe }, (run) => {
    for (const [name, parameter] of run.vlm.model.parameters())
      scope(() => {
        // Where a gradient is nearly zero, Adam magnifies its rounding: compare the bulk.
        const off = noGrad(() => parameter.sub(model.parameters().get(name)!).abs());
        assert.ok(off.mean().item() < 0.01 * recipe.visionLr, `${name}: ${off.mean().item()}`);
      });
  });
  closeTo([log[0]!.gradNorm], [norm], 1e-5);
  assert.equal(log[0]!.aligned, 2);
  chats.forEach(disposeSample);
  optimiser.dispose();
  aligner.dispose();
  vlm.dispose();
});

tensorTestAsync('log.jsonl and run.json say what was run', async () => {
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

tensorTestAsync('epochs and batch size give the number of steps', async () => {
  const log = await trained({ recipe: { steps: 0, epochs: 1.5, batchSize: 1 } });
  assert.equal(log.length, 3);
  assert.deepEqual([...new Set(log.slice(0, 2).flatMap((step) => step.samples))].sort(), ['a', 'b']);
});

tensorTestAsync('the checkpoint has the trained weights and all that is needed to use it', async () => {
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
    assert.deepEqual(beside(checkpoint), beside(vlmDir));
    const aligner = loadAligner(join(out, 'aligner.safetensors'));
    assert.deepEqual([aligner.kind, aligner.cells, aligner.hidden], ['mlp', 24, 16]);
    aligner.dispose();
  });
});

tensorTestAsync('without priors there is no aligner to keep', async () => {
  await trained({ priors: null, recipe: { steps: 1 } }, ({ out }) => {
    assert.equal(existsSync(join(out, 'aligner.safetensors')), false);
  });
});

tensorTestAsync('a step that is not finite stops the run, named, and nothing is saved', async () => {
  const stops = async (given: Given, step: number, poison?: (vlm: Vlm) => void) => {
    const out = join(dir, `run-${runs++}`);
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

tensorTestAsync('measuring the gradients’ ratio changes nothing of a run; auto λ holds it near its goal', async () => {
  const recipe = { steps: 5, batchSize: 2, warmupRatio: 0 };
  const plain = await trained({ recipe });
  const measured = await trained({ recipe: { ...recipe, ratioEvery: 2 } });
  assert.deepEqual(
    measured.map(({ gradRatio }) => gradRatio !== null),
    [true, false, true, false, true],
  );
  const without = (log: StepLog[]) => timeless(log).map(({ gradRatio, ...rest }) => rest);
  assert.deepEqual(without(measured), without(plain));
  const [first] = await trained({ recipe: { ...recipe, steps: 1, ratioEvery: 1, lambdaRatio: 0.3 } });
  closeTo([first!.gradRatio!], [0.3], 1e-9);
  closeTo([first!.lambda], [(0.3 * plain[0]!.lambda) / measured[0]!.gradRatio!], 1e-9);
  closeTo([first!.loss], [first!.lossAr + first!.weightedAlign], 1e-12);
});

tensorTestAsync('the ratio is that of the norms of the two gradients over the VLM', async () => {
  const recipe = { steps: 1, warmupRatio: 0, batchSize: 1, maxGradNorm: 0, aligner: 'identity' as const };
  const one = rows.slice(0, 1);
  const normOf = async (given: Partial<Recipe>, without = priors as string | null) =>
    (await trained({ rows: one, priors: without, recipe: { ...recipe, ...given } }))[0]!;
  const ar = (await normOf({}, null)).gradNorm;
  // λ so large that nothing else is left.
  const align = (await normOf({ lambda: 1e7 })).gradNorm / 1e7;
  closeTo([(await normOf({ ratioEvery: 1 })).gradRatio!], [align / ar], 1e-4);
});

tensorTestAsync('frozen parts stay as they are, the others learn; an unknown part is refused', async () => {
  await trained({ recipe: { warmupRatio: 0, freeze: ['vision', 'merger'] } }, (run) => {
    const moved = [...changes(run)].filter(([, change]) => change > 0).map(([name]) => run.vlm.model.groupOf(name));
    assert.deepEqual([...new Set(moved)], ['llm']);
    assert.deepEqual(Object.keys(run.log[0]!.lrs), ['llm', 'aligner']);
  });
  await assert.rejects(trained({ recipe: { freeze: ['head'] } }), {
    name: 'UserError',
    message: /vision, merger, llm/,
  });
});

tensorTestAsync('activations kept or computed again: the same losses and steps', async () => {
  const recipe = { steps: 3, warmupRatio: 0 };
  const [again, kept] = [await trained({ recipe }), await trained({ recipe: { ...recipe, recompute: 'none' } })];
  for (const name of ['lossAr', 'lossAlign', 'gradNorm'] as const)
    closeTo(
      again.map((step) => step[name]!),
      kept.map((step) => step[name]!),
      1e-4,
      name,
    );
});

tensorTestAsync('loss over tokens weighs answers by their length; a gate weighs L_MSE', async () => {
  const short = row('b', {
    video: OTHER_VIDEO,
    turns: [
      { role: 'user', content: 'What?' },
      { role: 'assistant', content: 'A dog.' },
    ],
  });
  const given = { rows: [rows[0]!, short], recipe: { steps: 1, batchSize: 2 } };
  const single = async (r: (typeof rows)[number]) =>
    (await trained({ rows: [r], priors: null, recipe: { steps: 1 } }))[0]!.lossAr;
  const [a, b] = [await single(rows[0]!), await single(short)];
  const [samples] = await trained(given);
  const [tokens] = await trained({ ...given, recipe: { ...given.recipe, lossOver: 'tokens' } });
  closeTo([samples!.lossAr], [(a + b) / 2], 1e-5);
  // "A dog.<|im_end|>\n" has 5 tokens, the other answer 12.
  const n = [12, 5];
  closeTo([tokens!.lossAr], [(n[0]! * a + n[1]! * b) / (n[0]! + n[1]!)], 1e-5);
  const [gated] = await trained({ ...given, recipe: { ...given.recipe, gate: 'focus', gateFull: 1 } });
  assert.equal(gated!.lossAlign, samples!.lossAlign);
  const weight = gated!.weightedAlign / samples!.weightedAlign;
  assert.ok(weight > 0.01 && weight < 0.5, `${weight}`); // uniform noise: hardly focused
});

tensorTestAsync('a run that is told to stop saves and says so; README.md says what a checkpoint is', async () => {
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

tensorTestAsync('errors leave no tensor behind', async () => {
  const broken = [row('a', { video: BROKEN_VIDEO })];
  await assert.rejects(trained({ rows: broken }), { code: 'ERR_DATA' });
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
