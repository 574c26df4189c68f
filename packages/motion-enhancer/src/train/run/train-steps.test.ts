// The steps of a run: their order and number, rates, batches, which parts learn.
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { AdamW, backward, clipGradNorm, Generator, gradNorm, noGrad, scope } from '@motion-enhancer/libtorch';
import { closeTo, leakFree } from '@motion-enhancer/libtorch/testing';
import { createAligner } from '../../align/index.js';
import { disposeChat } from '../../vlm/chat/chat.js';
import { loadVlm } from '../../vlm/families/load.js';
import { stepInput } from '../data/batch.js';
import { learnedChat } from '../data/learned-chat.js';
import { PriorIndex } from '../data/prior-index.js';
import { alignedStep } from '../loss/step.js';
import { parameterGroups } from '../optim/groups.js';
import { row, testRecipe, timeless, writePrior } from '../testing.js';
import { dir, type Run, rows, trained, vlmDir } from '../testing-runs.js';

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

leakFree('the same seed gives the same run, another one another', async () => {
  const recipe = { batchSize: 2, seed: 5 };
  const once = await trained({ recipe });
  assert.deepEqual(timeless(await trained({ recipe })), timeless(once));
  assert.notDeepEqual(timeless(await trained({ recipe: { ...recipe, seed: 6 } })), timeless(once));
});

leakFree('the first step warms up with rate 0: weights stay as they are', async () => {
  const log = await trained({ recipe: { steps: 1 } }, (run) => {
    for (const [name, change] of changes(run)) assert.equal(change, 0, name);
  });
  assert.deepEqual([log.length, log[0]!.lr], [1, 0]);
  assert.ok(log[0]!.gradNorm > 0);
});

leakFree('rates follow the schedule, each group its own', async () => {
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

leakFree('a batch is the mean of its samples; L_MSE that of those with a prior', async () => {
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
  const chats = await Promise.all(three.map((r) => learnedChat(vlm, r, recipe)));
  // Both losses in one graph, one backward: what the loop has to equal by accumulation.
  const norm = scope(() => {
    const [a, b, c] = three.map((one, i) => {
      const chat = chats[i]!;
      const text = { text: chat.text, spans: chat.tokenSpans, afterVideo: chat.visualSpans[0]![1] };
      const prior = index.place(one, text, recipe, 'cpu');
      return alignedStep(vlm, aligner, stepInput({ chat, prior }, index.grid));
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
  chats.forEach(disposeChat);
  optimiser.dispose();
  aligner.dispose();
  vlm.dispose();
});

leakFree('epochs and batch size give the number of steps', async () => {
  const log = await trained({ recipe: { steps: 0, epochs: 1.5, batchSize: 1 } });
  assert.equal(log.length, 3);
  assert.deepEqual([...new Set(log.slice(0, 2).flatMap((step) => step.samples))].sort(), ['a', 'b']);
});

leakFree('frozen parts stay as they are, the others learn; an unknown part is refused', async () => {
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

leakFree('activations kept or computed again: the same losses and steps', async () => {
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
