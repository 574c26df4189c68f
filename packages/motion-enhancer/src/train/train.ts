// Fine-tunes a VLM with its text → video attention pulled toward motion priors (Section 4.4, Eq 15–16):
//   motion-enhancer train --vlm DIR --data FILE --priors DIR --out RUN
import { appendFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  AdamW,
  backward,
  clipGradNorm,
  cosineWithWarmup,
  Generator,
  gradNorm,
  noGrad,
  scope,
  type Tensor,
  UserError,
} from '@motion-enhancer/libtorch';
import { createAligner } from '../align/index.js';
import { makeFolder } from '../data/make-folder.js';
import type { Row } from '../data/rows.js';
import { writeText } from '../data/write-text.js';
import type { Vlm } from '../vlm/load.js';
import { type BatchItem, batches, disposeItem, stepPrior, stepSample } from './batch.js';
import { parameterGroups } from './groups.js';
import { trainingOrder } from './order.js';
import { PriorIndex } from './prior-index.js';
import type { Recipe } from './recipe.js';
import { alignedStep } from './step.js';

/** One line of log.jsonl. */
export interface StepLog {
  step: number;
  lossAr: number;
  /** Mean over the samples that have a prior; null if none has. */
  lossAlign: number | null;
  loss: number;
  gradNorm: number;
  lr: number;
  tokens: number;
  tokensPerSecond: number;
  seconds: number;
  samples: string[];
  aligned: number;
  /** Selected words of this step that the chats had, and had not. */
  words: number;
  droppedWords: number;
}

export interface TrainOptions {
  vlm: Vlm;
  rows: readonly Row[];
  priors: string | null;
  out: string;
  recipe: Recipe;
  onStep?(log: StepLog, total: number): void;
  onWarning?(message: string): void;
}

export interface TrainResult {
  steps: number;
  log: StepLog[];
  checkpoint: string;
  skipped: number;
}

/** Runs the recipe and writes RUN/checkpoint (Hugging Face layout), RUN/aligner.safetensors, RUN/log.jsonl, RUN/run.json. */
export async function train({ vlm, rows, priors, out, recipe, onStep, onWarning }: TrainOptions): Promise<TrainResult> {
  const { model } = vlm;
  const index = priors && recipe.lambda > 0 ? new PriorIndex(priors, recipe.maxCells) : null;
  if (index && !rows.some((row) => index.has(row.id))) {
    throw new UserError(
      `None of the ${rows.length} rows has a prior in ${priors} (${index.size} priors). Priors are found by the row's id: extract with --id.`,
      { code: 'ERR_PRIOR' },
    );
  }
  const perEpoch = Math.ceil(rows.length / recipe.batchSize);
  const total = recipe.steps > 0 ? recipe.steps : Math.max(1, Math.ceil(perEpoch * recipe.epochs));
  const order = trainingOrder(rows.length, total * recipe.batchSize, recipe.seed);
  makeFolder(out);
  writeText(
    join(out, 'run.json'),
    `${JSON.stringify({ vlm: vlm.dir, weights: vlm.weights, priors, rows: rows.length, steps: total, recipe, alignmentGrid: index?.grid ?? null }, null, 2)}\n`,
  );
  const logPath = join(out, 'log.jsonl');
  writeText(logPath, '');

  const generator = new Generator(recipe.seed);
  const cellCount = index ? index.grid.frames * index.grid.height * index.grid.width : 1;
  const aligner = createAligner({
    kind: recipe.aligner,
    cells: cellCount,
    hidden: recipe.alignerWidth,
    device: model.device,
    generator,
  });
  generator.dispose();
  const groups = parameterGroups(model, aligner, recipe);
  const optimiser = new AdamW(
    groups.map((g) => ({ params: g.params, lr: g.peak, weightDecay: g.weightDecay })),
    { lr: recipe.lr, masterWeights: true },
  );
  const parameters = optimiser.params;
  const log: StepLog[] = [];
  let batch: BatchItem[] = [];
  const nextBatch = batches({ vlm, rows, order, recipe, index, ...(onWarning ? { onWarning } : {}) });

  try {
    for (let step = 0; step < total; step++) {
      const began = performance.now();
      const factor = cosineWithWarmup(step, total, recipe.warmupRatio);
      optimiser.groups.forEach((group, g) => {
        group.lr = groups[g]!.peak * factor;
      });

      batch = await nextBatch(recipe.batchSize);
      const aligned = batch.filter((item) => item.prior).length;
      let lossAr = 0;
      let alignSum = 0;
      for (const { chat, prior } of batch) {
        scope(() => {
          const losses = alignedStep(
            model,
            aligner,
            stepSample(chat),
            prior && index ? stepPrior(chat, prior, index.grid) : null,
            recipe.alignmentLoss,
          );
          // L_AR is a mean over the batch, L_MSE over those of it that have a prior.
          const ar = losses.lossAr.mul(1 / batch.length);
          backward([losses.lossAlign ? ar.add(losses.lossAlign, recipe.lambda / aligned) : ar]);
          lossAr += ar.item();
          alignSum += losses.lossAlign?.item() ?? 0;
        });
      }
      const lossAlign = aligned > 0 ? alignSum / aligned : null;
      const samples = batch.map((item) => item.row.id);

      const norm = scope(() => {
        const grads = parameters.map((p) => p.grad);
        const before = gradNorm(grads).item();
        if (!Number.isFinite(before) || !Number.isFinite(lossAr + alignSum)) throw notFinite(step + 1, samples);
        if (recipe.maxGradNorm > 0) clipGradNorm(grads, recipe.maxGradNorm, before);
        optimiser.step(grads);
        for (const p of parameters) p.grad = null;
        return before;
      });
      const seconds = (performance.now() - began) / 1000;
      const tokens = batch.reduce((n, { chat }) => n + chat.ids.length, 0);
      const entry: StepLog = {
        step: step + 1,
        lossAr,
        lossAlign,
        loss: lossAr + recipe.lambda * (lossAlign ?? 0),
        gradNorm: norm,
        lr: recipe.lr * factor,
        tokens,
        tokensPerSecond: tokens / seconds,
        seconds,
        samples,
        aligned,
        words: batch.reduce((n, { prior }) => n + (prior?.words.length ?? 0), 0),
        droppedWords: batch.reduce((n, { prior }) => n + (prior?.dropped ?? 0), 0),
      };
      for (const item of batch.splice(0)) disposeItem(item);
      log.push(entry);
      appendFileSync(logPath, `${JSON.stringify(entry)}\n`);
      onStep?.(entry, total);
    }
    checkFinite(parameters);
    const checkpoint = join(out, 'checkpoint');
    model.savePretrained(checkpoint, { overwrite: true });
    if (vlm.weights === 'random' || index?.random)
      writeText(
        join(checkpoint, 'RANDOM_WEIGHTS'),
        'These weights come from random ones: what they compute means nothing.\n',
      );
    // Without priors nothing trained it.
    if (index && aligner.kind !== 'identity') aligner.save(join(out, 'aligner.safetensors'));
    return { steps: total, log, checkpoint, skipped: nextBatch.broken.size };
  } finally {
    for (const item of batch) disposeItem(item);
    for (const p of parameters) p.grad = null;
    optimiser.dispose();
    aligner.dispose();
    await nextBatch.close();
  }
}

/** A step that is not a number would poison every weight: nothing of it is kept. */
function notFinite(step: number, samples: readonly string[]): UserError {
  return new UserError(
    `Step ${step} gave a loss or gradient that is not finite (samples ${samples.join(', ')}). The weights of the step before are not saved either; lower lr, or look at these samples.`,
    { code: 'ERR_NOT_FINITE' },
  );
}

/** The last update is judged here: nothing but numbers is saved. */
function checkFinite(parameters: readonly Tensor[]): void {
  const ok = noGrad(() => parameters.every((p) => scope(() => p.isfinite().all().item()) === 1));
  if (!ok) {
    throw new UserError('The last step left weights that are not finite: no checkpoint was written. Lower lr.', {
      code: 'ERR_NOT_FINITE',
    });
  }
}
