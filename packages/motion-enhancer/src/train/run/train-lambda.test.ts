// What L_MSE weighs in a run: λ, the ratio of the gradients, the gate.
import assert from 'node:assert/strict';
import { closeTo, leakFree } from '@motion-enhancer/libtorch/testing';
import type { Recipe } from '../recipe.js';
import { OTHER_VIDEO, row, timeless } from '../testing.js';
import { info, priors, rows, trained } from '../testing-runs.js';
import type { StepLog } from './train.js';

leakFree('λ = 0 is plain fine-tuning, bit for bit', async () => {
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

leakFree('with a prior L_MSE falls, and the prior pulls by λ', async () => {
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

leakFree('measuring the gradients’ ratio changes nothing of a run; auto λ holds it near its goal', async () => {
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

leakFree('the ratio is that of the norms of the two gradients over the VLM', async () => {
  const recipe = { steps: 1, warmupRatio: 0, batchSize: 1, maxGradNorm: 0, aligner: 'identity' as const };
  const one = rows.slice(0, 1);
  const normOf = async (given: Partial<Recipe>, without = priors as string | null) =>
    (await trained({ rows: one, priors: without, recipe: { ...recipe, ...given } }))[0]!;
  const ar = (await normOf({}, null)).gradNorm;
  // λ so large that nothing else is left.
  const align = (await normOf({ lambda: 1e7 })).gradNorm / 1e7;
  closeTo([(await normOf({ ratioEvery: 1 })).gradRatio!], [align / ar], 1e-4);
});

leakFree('loss over tokens weighs answers by their length; a gate weighs L_MSE', async () => {
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
