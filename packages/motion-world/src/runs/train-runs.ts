// Fine-tunes many models at once: the runs of an experiment are one model with a leading run axis.

import { cells } from '@motion-enhancer/core/internal/align/index.js';
import { balanced } from '@motion-enhancer/core/internal/train/data/balance.js';
import { trainingOrder } from '@motion-enhancer/core/internal/train/data/order.js';
import {
  AdamW,
  backward,
  cosineWithWarmup,
  grad,
  keep,
  noGrad,
  scope,
  stack,
  type Tensor,
  tensor,
} from '@motion-enhancer/libtorch';
import type { Qwen25VLConfig } from '@motion-enhancer/models';
import { expected } from '@motion-enhancer/support';
import { RunAligners } from '../run-axis/aligners.js';
import { repeatRuns } from '../run-axis/model.js';
import type { RunRecipe, RunSpec } from './spec.js';
import { type ComputeDType, type RunData, type RunLosses, type RunTargets, runLosses } from './step.js';

export interface TrainRunsOptions {
  /** Where all runs start, by canonical name. */
  start: ReadonlyMap<string, Tensor>;
  config: Qwen25VLConfig;
  runs: readonly RunSpec[];
  recipe: RunRecipe;
  data: RunData;
  /** Samples that the runs' data are drawn from, by seed; default: each takes the first of the table. */
  pool?: number;
  device: string;
  dtype: ComputeDType;
  /** Once in so many steps. Default 50. */
  logEvery?: number;
  onLog?(line: RunsLog): void;
}

export interface RunsLog {
  step: number;
  total: number;
  secondsPerStep: number;
  /** By run. */
  ar: number[];
  align: number[] | null;
  lambda: number[];
}

export interface TrainedRuns {
  /** [R, …] by canonical name; the caller's to free. */
  parameters: Map<string, Tensor>;
  /** Of the last step, by run. */
  ar: number[];
  align: number[] | null;
  /** Means of λ‖∇L_MSE‖ / ‖∇L_AR‖ over the measurements, by run; null where nothing was measured. */
  ratios: number[] | null;
  lambda: number[];
}

/**
 * Trains all runs side by side: each with its own weights, order of data, prior, λ, aligner, moments and clipping.
 * Runs of one seed see the same samples in the same order, so that conditions are compared in pairs.
 * @throws UserError where a loss is not finite
 */
export function trainRuns(o: TrainRunsOptions): TrainedRuns {
  const { runs, recipe, device } = o;
  const aligned = o.data.alignment !== null && runs.some(({ prior }) => prior !== null);
  const parameters = repeatRuns(o.start, runs.length, device);
  const aligners = aligned ? alignersOf(o) : null;
  const all = new Map([...parameters, ...(aligners?.parameters ?? [])]);
  const groups = groupsOf(all, recipe);
  const optimiser = new AdamW(
    groups.map(({ params, peak, weightDecay }) => ({ params, lr: peak, weightDecay })),
    { lr: recipe.lr },
  );
  const indices = noGrad(() => keep(scope(() => orders(runs, recipe, o.pool).to(device)))); // [steps, R, B]
  const targets = aligned ? targetsOf(runs, device) : null;
  const model = { parameters, aligners, config: o.config, dtype: o.dtype };
  const lossesOf = (step: number) => runLosses(indices.select(0, step), targets, o.data, model);
  try {
    return { parameters, ...runSteps(o, { groups, optimiser, lossesOf, parameters, aligned }) };
  } catch (error) {
    for (const p of parameters.values()) p.dispose();
    throw error;
  } finally {
    for (const p of all.values()) if (!p.disposed) p.grad = null;
    optimiser.dispose();
    aligners?.dispose();
    indices.dispose();
    targets?.condition_R1.dispose();
    targets?.squared_R1?.dispose();
  }
}

/** A run without a prior has none to learn. */
const alignersOf = ({ runs, recipe, data, device }: TrainRunsOptions): RunAligners =>
  new RunAligners({
    kinds: runs.map(({ prior, aligner }) => (prior === null ? 'identity' : aligner)),
    seeds: runs.map(({ seed }) => seed),
    cells: cells(data.alignment!.grid),
    hidden: recipe.alignerWidth,
    device,
  });

interface Training {
  groups: readonly Group[];
  optimiser: AdamW;
  lossesOf(step: number): RunLosses;
  /** The VLMs', over which gradients are compared. */
  parameters: ReadonlyMap<string, Tensor>;
  aligned: boolean;
}

function runSteps(o: TrainRunsOptions, training: Training): Omit<TrainedRuns, 'parameters'> {
  const { runs, recipe } = o;
  const { groups, optimiser, aligned } = training;
  const lambda = runs.map((run) => (run.prior === null ? 0 : run.lambda));
  const ratios: number[][] = [];
  let last: Pick<TrainedRuns, 'ar' | 'align'> = { ar: [], align: null };
  const began = performance.now();
  for (let step = 0; step < recipe.steps; step++) {
    const factor = cosineWithWarmup(step, recipe.steps, recipe.warmupRatio);
    optimiser.groups.forEach((group, g) => {
      group.lr = groups[g]!.peak * factor;
    });
    if (aligned && recipe.ratioEvery > 0 && step % recipe.ratioEvery === 0)
      ratios.push(measuredRatios(step, training, runs, lambda));
    const losses = oneStep(training, step, lambda, o.device, recipe.maxGradNorm);
    const logged = (step + 1) % (o.logEvery ?? 50) === 0 || step + 1 === recipe.steps;
    // Reading the losses waits for the device.
    if (logged) last = noGrad(() => ({ ar: losses.ar_R.toArray(), align: losses.align_R?.toArray() ?? null }));
    losses.ar_R.dispose();
    losses.align_R?.dispose();
    if (!logged) continue;
    checkFinite(last.ar, runs, step + 1);
    const secondsPerStep = (performance.now() - began) / 1000 / (step + 1);
    o.onLog?.({ step: step + 1, total: recipe.steps, secondsPerStep, ...last, lambda: [...lambda] });
  }
  const mean = (r: number) => ratios.reduce((sum, row) => sum + row[r]!, 0) / ratios.length;
  return { ...last, lambda, ratios: ratios.length > 0 ? runs.map((_, r) => mean(r)) : null };
}

/** @returns its losses, the caller's to free */
function oneStep(
  { optimiser, lossesOf }: Training,
  step: number,
  lambda: number[],
  device: string,
  maxGradNorm: number,
) {
  return scope(() => {
    const { ar_R, align_R } = lossesOf(step);
    const total = align_R ? ar_R.add(align_R.mul(tensor(lambda, { device }))) : ar_R;
    backward([total.sum()]);
    const gradients = optimiser.params.map((p) => p.grad!);
    if (maxGradNorm > 0) clipRuns(gradients, maxGradNorm);
    optimiser.step(gradients);
    for (const p of optimiser.params) p.grad = null;
    return { ar_R: keep(ar_R.detach()), align_R: align_R && keep(align_R.detach()) };
  });
}

/** λ‖∇L_MSE‖ / ‖∇L_AR‖ of each run, after λ is moved where a run holds the ratio. */
function measuredRatios(step: number, training: Training, runs: readonly RunSpec[], lambda: number[]): number[] {
  const measured = scope(() => gradientRatios(training.lossesOf(step), [...training.parameters.values()]));
  runs.forEach((run, r) => {
    if (run.prior !== null && run.lambdaRatio > 0)
      lambda[r] = balanced(lambda[r]!, measured[r]!, run.lambdaRatio, step === 0);
  });
  return measured.map((ratio, r) => ratio * lambda[r]!);
}

function targetsOf(runs: readonly RunSpec[], device: string): RunTargets {
  const column = (values: number[], dtype: 'int64' | 'float32') =>
    keep(scope(() => tensor(values, { dtype, device, shape: [runs.length, 1] })));
  return {
    condition_R1: column(
      runs.map(({ prior }) => prior ?? 0),
      'int64',
    ),
    squared_R1: runs.some(({ loss }) => loss === 'squared')
      ? column(
          runs.map(({ loss }) => (loss === 'squared' ? 1 : 0)),
          'float32',
        )
      : null,
  };
}

/** Which samples a run has is drawn apart from their order. */
const POOL_SEED = 7_919;

/** int64 [steps, R, B]: runs of one seed and size of data share their samples and their order. */
function orders(runs: readonly RunSpec[], { steps, batchSize }: RunRecipe, pool: number | undefined): Tensor {
  const flat = new Int32Array(steps * runs.length * batchSize);
  runs.forEach(({ seed, data }, r) => {
    const samples = pool === undefined ? null : trainingOrder(pool, pool, seed + POOL_SEED).slice(0, data);
    const order = trainingOrder(data, steps * batchSize, seed).map((i) => samples?.[i] ?? i);
    for (let s = 0; s < steps; s++)
      flat.set(order.slice(s * batchSize, (s + 1) * batchSize), (s * runs.length + r) * batchSize);
  });
  return tensor(flat, { shape: [steps, runs.length, batchSize] }).to('int64');
}

interface Group {
  params: Tensor[];
  peak: number;
  weightDecay: number;
}

/** As `parameterGroups`: the tower has a rate of its own, biases and norm weights ([R, C]) no decay. */
function groupsOf(parameters: ReadonlyMap<string, Tensor>, recipe: RunRecipe): Group[] {
  const groups = new Map<string, Group>();
  for (const [name, p] of parameters) {
    const vision = name.startsWith('model.visual.') && !name.startsWith('model.visual.merger.');
    const decays = p.dim > 2;
    const key = `${vision} ${decays}`;
    const group = groups.get(key) ?? {
      params: [],
      peak: vision ? recipe.visionLr : recipe.lr,
      weightDecay: decays ? recipe.weightDecay : 0,
    };
    group.params.push(p);
    groups.set(key, group);
  }
  return [...groups.values()];
}

/** ‖gradient‖ of each run: [R] */
export function runNorms(gradients: readonly Tensor[]): Tensor {
  return noGrad(() =>
    scope(() =>
      stack(gradients.map((g) => g.flatten(1).square().sum(1)))
        .sum(0)
        .sqrt(),
    ),
  );
}

/** Scales each run's gradients, in place, to a norm of at most `max`. */
export function clipRuns(gradients: readonly Tensor[], max: number): void {
  noGrad(() =>
    scope(() => {
      const factor_R = runNorms(gradients).add(1e-6).reciprocal().mul(max).clamp(0, 1);
      for (const g of gradients) g.mul_(factor_R.view(-1, ...g.shape.slice(1).map(() => 1)));
    }),
  );
}

/** ‖∇L_MSE‖ / ‖∇L_AR‖ of each run over the VLM's parameters. */
function gradientRatios({ ar_R, align_R }: RunLosses, parameters: Tensor[]): number[] {
  const norms = (loss: Tensor, retainGraph: boolean) => {
    const found = grad([loss.sum()], parameters, { retainGraph, allowUnused: true });
    return runNorms(found.flatMap((g) => g ?? []));
  };
  const align = norms(align_R!, true);
  return align.div(norms(ar_R, false).clamp(1e-12)).toArray();
}

function checkFinite(losses: readonly number[], runs: readonly RunSpec[], step: number): void {
  const broken = losses.findIndex((loss) => !Number.isFinite(loss));
  if (broken < 0) return;
  const { condition, seed } = runs[broken]!;
  throw expected(
    'a finite loss',
    `run ${condition}, seed ${seed}, step ${step}`,
    losses[broken],
    'Lower the learning rate or λ.',
  );
}
