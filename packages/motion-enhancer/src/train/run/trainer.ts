import {
  clipFactor,
  cosineWithWarmup,
  Generator,
  manualSeed,
  type ProcessGroup,
  resetPeakMemory,
  soloGroup,
} from '@motion-enhancer/libtorch';
import { checkDiskSpace } from '@motion-enhancer/support';
import { type Aligner, cells, createAligner } from '../../align/index.js';
import type { Row } from '../../data/rows.js';
import type { Vlm } from '../../vlm/index.js';
import { balanced } from '../data/balance.js';
import type { PreparedSample } from '../data/prepared-sample.js';
import type { PriorIndex } from '../data/prior-index.js';
import { type BatchTotals, totalsOf } from '../loss/batch-totals.js';
import { checkFinite, notFinite } from '../loss/not-finite.js';
import { accumulate, gradientRatio, type StepContext } from '../loss/run-step.js';
import { type NamedGroup, parameterGroups } from '../optim/groups.js';
import type { BlockGates } from '../parallel/block-gates.js';
import type { Sharding } from '../parallel/choose-sharding.js';
import { ShardedWeights } from '../parallel/sharded-weights.js';
import { sumLosses } from '../parallel/sum-losses.js';
import { together } from '../parallel/together.js';
import { WholeWeights } from '../parallel/whole-weights.js';
import { writeShardedState } from '../parallel/write-sharded-state.js';
import type { Recipe } from '../recipe.js';
import { Meter } from '../record/meter.js';
import type { StepLog } from '../record/step-log.js';
import { loadGenerators, saveGenerators } from '../state/generators.js';
import { openState } from '../state/open-state.js';
import {
  filesOf,
  findState,
  type RunState,
  type StateFacts,
  stateBytes,
  stateSteps,
  writeState,
} from '../state/states.js';
import { dataHash } from './check-run.js';

export interface TrainerOptions {
  vlm: Vlm;
  rows: readonly Row[];
  recipe: Recipe;
  index: PriorIndex | null;
  out: string;
  total: number;
  /** The ranks that train together. Default: this process alone. */
  group?: ProcessGroup;
  /** How weights, masters and moments are spread over the ranks. Default: every rank has all. */
  sharding?: Sharding;
  /** The model's blocks, for `full`. */
  gates?: BlockGates | null;
}

/** Everything that a step changes: weights, aligner, moments, λ, and how many steps were done. */
export class Trainer {
  readonly aligner: Aligner;
  readonly #o: TrainerOptions;
  readonly #context: StepContext;
  readonly #groups: NamedGroup[];
  readonly #weights: WholeWeights | ShardedWeights;
  readonly #group: ProcessGroup;
  readonly #meter: Meter;
  /** The sum that rows of priors are scaled to; null: they are as they are. Of the start weights: it is saved, not measured again. */
  rowSum: number | null = null;
  #lambda: number;
  #step = 0;
  /** What the passes of the last step took, before anything waited for other ranks, s. */
  passesSeconds = 0;

  constructor(o: TrainerOptions) {
    const { recipe, index } = o;
    const { vlm } = o;
    this.#o = o;
    this.#group = o.group ?? soloGroup();
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
      dtype: vlm.dtype === 'float64' ? 'float64' : 'float32',
    });
    generator.dispose();
    this.#context = { vlm, aligner: this.aligner, recipe, grid: index?.grid ?? null };
    try {
      this.#groups = parameterGroups(vlm.model, this.aligner, recipe);
    } catch (error) {
      this.aligner.dispose();
      throw error;
    }
    const { sharding = 'none', gates = null } = o;
    this.#weights =
      sharding === 'none'
        ? new WholeWeights(this.#groups, recipe, this.#group)
        : new ShardedWeights({ groups: this.#groups, gates, sharding, recipe, group: this.#group });
    this.#context.passes = this.#weights.passes;
    this.#meter = new Meter(vlm);
  }

  /** Steps done. */
  get step(): number {
    return this.#step;
  }

  /**
   * One step on a batch.
   * @param began when its data was asked for, of `performance.now()`
   * @param totals of the whole batch, where other ranks have a part of it
   * @throws UserError ERR_NOT_FINITE, after a dump; the weights are then those of the step before
   */
  run(batch: readonly PreparedSample[], began: number, totals: BatchTotals = totalsOf(batch)): StepLog {
    const { recipe, total } = this.#o;
    const { device } = this.#o.vlm;
    const weights = this.#weights;
    const waited = performance.now();
    if (device !== 'cpu') resetPeakMemory(device);
    const factor = cosineWithWarmup(this.#step, total, recipe.warmupRatio);
    weights.setRates(factor);
    const ratio = this.#balance(batch, totals);
    weights.begin();
    const own = accumulate(this.#context, batch, { ar: 1, align: this.#lambda }, totals);
    this.passesSeconds = (performance.now() - waited) / 1000;
    const losses = sumLosses(own, totals, device, this.#group);
    weights.reduce();
    const norm = weights.norm('all');
    if (!Number.isFinite(norm) || !Number.isFinite(losses.ar + losses.gated))
      throw notFinite({
        ...{ run: this.#o.out, step: this.#step + 1, batch, losses: own, norm, named: weights.named() },
        group: this.#group,
      });
    weights.step(recipe.maxGradNorm > 0 ? clipFactor(norm, recipe.maxGradNorm) : 1);
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
  #balance(batch: readonly PreparedSample[], totals: BatchTotals): number | null {
    const { ratioEvery, lambdaRatio } = this.#o.recipe;
    if (ratioEvery === 0 || this.#step % ratioEvery !== 0 || !this.#o.index) return null;
    const ratio = gradientRatio(this.#context, batch, this.#weights, totals);
    if (ratio !== null && lambdaRatio > 0)
      this.#lambda = balanced(this.#lambda, ratio, lambdaRatio, this.#step < ratioEvery);
    return ratio;
  }

  /** Saves all that the next step depends on. All ranks call it. */
  async save(where: Pick<RunState, 'place' | 'taken' | 'broken'>): Promise<string> {
    await this.checkFinite();
    const { out, recipe } = this.#o;
    const [weights, group, state] = [this.#weights, this.#group, this.#facts(where)];
    if (weights instanceof ShardedWeights)
      return writeShardedState({ run: out, weights, state, keep: recipe.keepStates, group });
    // Every rank has the same weights: one writes them, the others wait for it.
    const write = () => writeState(out, weights.stateTensors(), state, recipe.keepStates);
    return (await together(group, () => (group.rank === 0 ? write() : '')))[0]!;
  }

  #facts(where: Pick<RunState, 'place' | 'taken' | 'broken'>): StateFacts {
    return {
      ...{ ...where, step: this.#step, lambda: this.#lambda, generators: saveGenerators(this.#o.vlm.device) },
      ...(this.rowSum === null ? {} : { rowSum: this.rowSum }),
      ...{ recipe: this.#o.recipe, data: this.#data() },
    };
  }

  /** Goes on from the newest state of the run's folder; null where there is none. All ranks call it. */
  async resume(onWarning?: (message: string) => void): Promise<RunState | null> {
    const { out, recipe } = this.#o;
    const state = await findState(out, { recipe, data: this.#data() }, this.#group, onWarning);
    if (!state) return null;
    const reader = openState(state.dir, Object.keys(filesOf(state)));
    try {
      this.#weights.load(reader);
    } finally {
      reader.close();
    }
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
      states * this.#weights.stateBytes() + stateBytes(vlm.model.parameters()),
      `${states} states and the exported checkpoint`,
    );
  }

  /** @param write what writes the trained weights: one rank does, and the others wait for it */
  async export(write: () => void): Promise<void> {
    const mine = () => {
      if (this.#group.rank === 0) write();
      return null;
    };
    const weights = this.#weights;
    if (weights instanceof ShardedWeights) await weights.whole(() => together(this.#group, mine));
    else await together(this.#group, mine);
  }

  /** @throws UserError ERR_NOT_FINITE on all ranks */
  async checkFinite(): Promise<void> {
    const check = () => {
      checkFinite(this.#weights.named().map(([, p]) => p));
      return null;
    };
    await together(this.#group, check);
  }

  dispose(): void {
    this.#weights.dispose();
    this.aligner.dispose();
  }

  #data(): string {
    return dataHash(this.#o.rows, this.#o.index);
  }
}
