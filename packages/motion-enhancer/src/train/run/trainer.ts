import {
  AdamW,
  clipFactor,
  cosineWithWarmup,
  Generator,
  gradNorm,
  manualSeed,
  resetPeakMemory,
  scope,
  type Tensor,
} from '@motion-enhancer/libtorch';
import { checkDiskSpace } from '@motion-enhancer/support';
import { type Aligner, cells, createAligner } from '../../align/index.js';
import type { Row } from '../../data/rows.js';
import type { Vlm } from '../../vlm/index.js';
import { balanced } from '../data/balance.js';
import type { PreparedSample } from '../data/prepared-sample.js';
import type { PriorIndex } from '../data/prior-index.js';
import { checkFinite, notFinite } from '../loss/not-finite.js';
import { accumulate, forget, gradientRatio, type StepContext } from '../loss/run-step.js';
import { type NamedGroup, parameterGroups } from '../optim/groups.js';
import type { Recipe } from '../recipe.js';
import { Meter } from '../record/meter.js';
import type { StepLog } from '../record/step-log.js';
import { loadGenerators, saveGenerators } from '../state/generators.js';
import { type RunState, readState, stateBytes, stateSteps, writeState } from '../state/states.js';
import { dataHash } from './check-run.js';

export interface TrainerOptions {
  vlm: Vlm;
  rows: readonly Row[];
  recipe: Recipe;
  index: PriorIndex | null;
  out: string;
  total: number;
}

/** Everything that a step changes: weights, aligner, moments, λ, and how many steps were done. */
export class Trainer {
  readonly aligner: Aligner;
  readonly #o: TrainerOptions;
  readonly #context: StepContext;
  readonly #groups: NamedGroup[];
  readonly #names: string[];
  readonly #optimiser: AdamW;
  readonly #parameters: Tensor[];
  readonly #meter: Meter;
  /** The sum that rows of priors are scaled to; null: they are as they are. Of the start weights: it is saved, not measured again. */
  rowSum: number | null = null;
  #lambda: number;
  #step = 0;

  constructor(o: TrainerOptions) {
    const { recipe, index } = o;
    const { vlm } = o;
    this.#o = o;
    this.#lambda = index ? recipe.lambda : 0;
    // Training draws from `generator` alone. Seeding the default generators keeps any other use reproducible too.
    manualSeed(recipe.seed);
    const generator = new Generator(recipe.seed);
    this.aligner = createAligner({
      kind: recipe.aligner,
      cells: index ? cells(index.grid) : 1,
      hidden: recipe.alignerWidth,
      device: vlm.device,
      generator,
    });
    generator.dispose();
    this.#context = { vlm, aligner: this.aligner, recipe, grid: index?.grid ?? null };
    try {
      this.#groups = parameterGroups(vlm.model, this.aligner, recipe);
    } catch (error) {
      this.aligner.dispose();
      throw error;
    }
    this.#names = this.#groups.flatMap((group) => group.names);
    this.#optimiser = new AdamW(
      this.#groups.map((g) => ({ params: g.params, lr: g.peak, weightDecay: g.weightDecay })),
      { lr: recipe.lr, betas: [recipe.beta1, recipe.beta2], eps: recipe.adamEps, masterWeights: true },
    );
    this.#parameters = this.#optimiser.params;
    this.#meter = new Meter(vlm);
  }

  /** Steps done. */
  get step(): number {
    return this.#step;
  }

  /**
   * One step on a batch.
   * @param began when its data was asked for, of `performance.now()`
   * @throws UserError ERR_NOT_FINITE, after a dump; the weights are then those of the step before
   */
  run(batch: readonly PreparedSample[], began: number): StepLog {
    const { recipe, total } = this.#o;
    const { device } = this.#o.vlm;
    const waited = performance.now();
    if (device !== 'cpu') resetPeakMemory(device);
    const factor = cosineWithWarmup(this.#step, total, recipe.warmupRatio);
    this.#optimiser.groups.forEach((group, g) => {
      group.lr = this.#groups[g]!.peak * factor;
    });
    const ratio = this.#balance(batch);
    const losses = accumulate(this.#context, batch, { ar: 1, align: this.#lambda });
    const norm = scope(() => {
      const grads = this.#parameters.map((p) => p.grad);
      const before = gradNorm(grads).item();
      if (!Number.isFinite(before) || !Number.isFinite(losses.ar + losses.gated))
        throw notFinite({
          ...{ run: this.#o.out, step: this.#step + 1, batch, losses },
          ...{ norm: before, named: this.#named() },
        });
      this.#optimiser.step(grads, recipe.maxGradNorm > 0 ? clipFactor(before, recipe.maxGradNorm) : 1);
      forget(this.#parameters);
      return before;
    });
    this.#step++;
    return {
      step: this.#step,
      lossAr: losses.ar,
      lossAlign: losses.align,
      lambda: this.#lambda,
      weightedAlign: this.#lambda * losses.gated,
      loss: losses.ar + this.#lambda * losses.gated, // Eq 16, mean over the batch
      gradRatio: ratio === null ? null : this.#lambda * ratio,
      gradNorm: norm,
      lr: recipe.lr * factor,
      lrs: Object.fromEntries(this.#groups.map((g) => [g.name.replace(' without decay', ''), g.peak * factor])),
      ...this.#meter.measure(batch, { began, waited, left: total - this.#step }),
      ...(this.rowSum === null ? {} : { rowSum: this.rowSum }),
    };
  }

  /** Measures ‖∇L_MSE‖ / ‖∇L_AR‖ where it is due, and moves λ where the recipe says so. */
  #balance(batch: readonly PreparedSample[]): number | null {
    const { ratioEvery, lambdaRatio } = this.#o.recipe;
    if (ratioEvery === 0 || this.#step % ratioEvery !== 0 || !this.#o.index) return null;
    const own = new Set(this.aligner.parameters().values());
    const ofVlm = this.#parameters.filter((p) => !own.has(p));
    const ratio = gradientRatio(this.#context, batch, ofVlm);
    if (ratio !== null && lambdaRatio > 0)
      this.#lambda = balanced(this.#lambda, ratio, lambdaRatio, this.#step < ratioEvery);
    return ratio;
  }

  /** Saves all that the next step depends on. */
  save(where: Pick<RunState, 'place' | 'taken' | 'broken'>): string {
    this.checkFinite();
    const { out, recipe } = this.#o;
    const { device } = this.#o.vlm;
    const state = {
      ...{ ...where, step: this.#step, lambda: this.#lambda, generators: saveGenerators(device) },
      ...(this.rowSum === null ? {} : { rowSum: this.rowSum }),
    };
    return writeState(out, this.#tensors(), { ...state, recipe, data: this.#data() }, recipe.keepStates);
  }

  /** Goes on from the newest state of the run's folder; null where there is none. */
  resume(onWarning?: (message: string) => void): RunState | null {
    const { out, recipe } = this.#o;
    const state = readState(out, this.#tensors(), { recipe, data: this.#data() }, onWarning);
    if (!state) return null;
    this.#optimiser.restoreParameters();
    loadGenerators(state.generators);
    this.#step = state.step;
    this.#lambda = state.lambda;
    this.rowSum = state.rowSum ?? null;
    return state;
  }

  /** Room for the states that are kept, one being written, and the export: asked before the first step. */
  checkDisk(): void {
    const { out, recipe, vlm, total } = this.#o;
    const most = recipe.saveEvery > 0 && total > recipe.saveEvery ? recipe.keepStates + 1 : 1;
    // Those of an earlier part of the run are on the disk already.
    const states = Math.max(1, most - stateSteps(out).length);
    checkDiskSpace(
      out,
      states * stateBytes(this.#tensors()) + stateBytes(vlm.model.parameters()),
      `${states} states and the exported checkpoint`,
    );
  }

  checkFinite(): void {
    checkFinite(this.#parameters);
  }

  dispose(): void {
    forget(this.#parameters);
    this.#optimiser.dispose();
    this.aligner.dispose();
  }

  #named(): [string, Tensor][] {
    return this.#names.map((name, i) => [name, this.#parameters[i]!]);
  }

  /** Moments, and each weight once: its float32 master where it has one. */
  #tensors(): Map<string, Tensor> {
    const found = this.#optimiser.stateTensors(this.#names);
    for (const [name, p] of this.#named()) if (!found.has(`master.${name}`)) found.set(`weights.${name}`, p);
    return found;
  }

  #data(): string {
    return dataHash(this.#o.rows, this.#o.index);
  }
}
