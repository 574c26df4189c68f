import {
  AdamW,
  allGather,
  allReduce_,
  DTYPES,
  gradNorm,
  keep,
  noGrad,
  type ProcessGroup,
  scope,
  type Tensor,
  tensor,
} from '@motion-enhancer/libtorch';
import type { NamedGroup } from '../optim/groups.js';
import type { Recipe } from '../recipe.js';
import type { StateReader } from '../state/open-state.js';
import type { BlockGate, BlockGates } from './block-gates.js';
import { FlatUnit, type UnitPiece, type UnitWeight } from './flat-unit.js';
import { PassOrder } from './pass-order.js';
import { presentAnywhere } from './sum-gradients.js';
import type { TrainedWeights } from './trained-weights.js';
import { ALIGNER } from './whole-weights.js';

export interface ShardedOptions {
  groups: readonly NamedGroup[];
  /** The model's blocks, whose weights come and go with `full`. */
  gates: BlockGates | null;
  sharding: 'optimizer' | 'full';
  recipe: Recipe;
  group: ProcessGroup;
}

/** How a weight's own values are named in a state: of 16-bit weights these are the float32 masters. */
const valueName = ({ name, param }: UnitWeight): string =>
  `${param.dtype === 'bfloat16' || param.dtype === 'float16' ? 'master' : 'weights'}.${name}`;

/**
 * Float32 masters, moments and reduced gradients as shards, one a rank: with `optimizer` every rank has all weights besides
 * (ZeRO-1); with `full` blocks' weights are gathered while their block runs (ZeRO-3), and only what is outside blocks stays.
 * Frozen weights are whole on every rank. Source of the idea: Rajbhandari et al. 2020, https://arxiv.org/abs/1910.02054.
 */
export class ShardedWeights implements TrainedWeights {
  readonly passes: PassOrder | null;
  readonly units: readonly FlatUnit[];
  readonly #groups: readonly NamedGroup[];
  readonly #optimiser: AdamW;
  /** In the optimiser's order. */
  readonly #pieces: readonly { unit: FlatUnit; piece: UnitPiece }[];
  readonly #group: ProcessGroup;
  readonly #device: string;

  constructor({ groups, gates, sharding, recipe, group }: ShardedOptions) {
    this.#groups = groups;
    this.#group = group;
    const weights = groups.flatMap(({ names, params }, g) =>
      names.map((name, i) => ({ name, param: params[i]!, shape: params[i]!.shape, group: g })),
    );
    this.#device = weights[0]!.param.device;
    const { blocks, outside } = byBlock(weights, gates);
    const gated = new Map<BlockGate, FlatUnit>();
    for (const [gate, list] of blocks) gated.set(gate, new FlatUnit(list, sharding === 'optimizer', group));
    this.units = [...gated.values(), ...outside.map((list) => new FlatUnit(list, true, group))];
    const sees = (unit: FlatUnit) => !groups[unit.weights[0]!.group]!.name.startsWith('llm');
    this.passes = sharding === 'full' ? new PassOrder(gated, sees) : null;
    const pieces = this.units.flatMap((unit) => unit.pieces.map((piece) => ({ unit, piece })));
    this.#pieces = groups.flatMap((_, g) => pieces.filter(({ piece }) => piece.weight.group === g));
    this.#optimiser = new AdamW(
      groups.map((g, at) => ({
        params: this.#pieces.flatMap(({ piece }) => (piece.weight.group === at ? [piece.master] : [])),
        lr: g.peak,
        weightDecay: g.weightDecay,
      })),
      { lr: recipe.lr, betas: [recipe.beta1, recipe.beta2], eps: recipe.adamEps },
    );
  }

  setRates(factor: number): void {
    this.#optimiser.groups.forEach((group, g) => {
      group.lr = this.#groups[g]!.peak * factor;
    });
  }

  begin(): void {
    for (const unit of this.units) if (unit.stays) unit.gather();
  }

  reduce(): void {
    // Blocks whose weights come and go have reduced theirs.
    for (const [i, unit] of this.units.entries()) {
      if (!unit.stays && this.passes) continue;
      unit.startReduce();
      this.units[i - 1]?.finishReduce();
    }
    for (const unit of this.units) unit.finishReduce();
    const flags = presentAnywhere(
      this.units.flatMap(({ present }) => present),
      this.#device,
      this.#group,
    );
    let at = 0;
    for (const { present } of this.units) for (const i of present.keys()) present[i] = flags[at++]!;
  }

  norm(part: 'all' | 'vlm'): number {
    const own = scope(() => {
      const gradients = this.#gradients().filter(
        (grad, i) => grad && (part === 'all' || !this.#pieces[i]!.piece.weight.name.startsWith(ALIGNER)),
      );
      return gradients.length > 0 ? gradNorm(gradients).item() : 0;
    });
    if (this.#group.size === 1) return own;
    const squares = scope(() =>
      allReduce_(tensor([own * own], { dtype: 'float64', device: this.#device }), this.#group).item(),
    );
    return Math.sqrt(squares);
  }

  /** Of each piece; null where no rank had one: its weight must not move. */
  #gradients(): (Tensor | null)[] {
    return this.#pieces.map(({ unit, piece }) =>
      unit.grad && unit.present[piece.index] ? unit.grad.narrow(0, piece.at, piece.count) : null,
    );
  }

  step(scale: number): void {
    scope(() => this.#optimiser.step(this.#gradients(), scale));
    this.forget();
    for (const unit of this.units) unit.renew();
  }

  forget(): void {
    for (const unit of this.units) unit.forget();
  }

  named(): readonly (readonly [string, Tensor])[] {
    return this.#pieces.map(({ piece }) => [piece.weight.name, piece.master] as const);
  }

  /** Runs `body` while the model has all its weights, such as to export them. */
  async whole<T>(body: () => Promise<T>): Promise<T> {
    for (const unit of this.units) unit.gather();
    try {
      return await body();
    } finally {
      for (const unit of this.units) unit.free();
    }
  }

  /**
   * A unit's part of a state, whole: values, moments and steps of its weights, by the names of a state of one process, in host
   * memory, on the rank that keeps them. Called by all ranks.
   */
  gatherState(unit: FlatUnit, keeps: boolean): Map<string, Tensor> {
    const found = new Map<string, Tensor>();
    const state = this.#states();
    const kinds: [string, (piece: UnitPiece) => Tensor][] = [
      ['values', ({ master }) => master],
      ['exp_avg', (piece) => state('exp_avg', piece)],
      ['exp_avg_sq', (piece) => state('exp_avg_sq', piece)],
    ];
    noGrad(() => {
      for (const [kind, pick] of kinds)
        scope(() => {
          const flat = allGather(unit.shardOf(pick), this.#group);
          if (!keeps) return;
          for (const [i, weight] of unit.weights.entries()) {
            const { offset, numel } = unit.layout.places[i]!;
            const name = kind === 'values' ? valueName(weight) : `${kind}.${weight.name}`;
            found.set(
              name,
              keep(
                flat
                  .narrow(0, offset, numel)
                  .to('cpu')
                  .clone()
                  .view(...weight.shape),
              ),
            );
          }
        });
      for (const [name, step] of this.#stepsOf(unit, state))
        if (keeps) found.set(`step.${name}`, step);
        else step.dispose();
    });
    return found;
  }

  /** How many steps each weight took: those who hold a piece of it know. */
  #stepsOf(unit: FlatUnit, state: PieceState): Map<string, Tensor> {
    return scope(() => {
      const mine = unit.weights.map(() => 0);
      for (const piece of unit.pieces) mine[piece.index] = state('step', piece).item();
      const all = tensor(mine, { dtype: 'float32', device: this.#device });
      if (this.#group.size > 1) allReduce_(all, this.#group, 'max');
      return new Map(all.toArray().map((step, i) => [unit.weights[i]!.name, tensor(step, { dtype: 'float32' })]));
    });
  }

  #states(): PieceState {
    const tensors = this.#optimiser.stateTensors();
    const numbers = new Map(this.#pieces.map(({ piece }, i) => [piece, i]));
    return (kind, piece) => tensors.get(`${kind}.${numbers.get(piece)}`)!;
  }

  /** Takes this rank's pieces of a saved state, whoever saved it. */
  load(saved: StateReader): void {
    const state = this.#states();
    noGrad(() => {
      for (const { piece } of this.#pieces)
        scope(() => {
          const { weight, from, count } = piece;
          const part = (name: string) => saved.read(name, weight.shape).reshape(-1).narrow(0, from, count);
          piece.master.copy_(part(valueName(weight)));
          state('exp_avg', piece).copy_(part(`exp_avg.${weight.name}`));
          state('exp_avg_sq', piece).copy_(part(`exp_avg_sq.${weight.name}`));
          state('step', piece).copy_(saved.read(`step.${weight.name}`, []));
        });
    });
    for (const unit of this.units) unit.renew();
  }

  /** Of a state's files together. */
  stateBytes(): number {
    const all = this.#groups.reduce((n, { params }) => n + params.reduce((m, p) => m + p.numel * bytesOf(p), 0), 0);
    return 3 * all;
  }

  dispose(): void {
    this.passes?.dispose();
    for (const unit of this.units) unit.forget();
    this.#optimiser.dispose();
    for (const unit of this.units) unit.dispose();
  }
}

const bytesOf = (p: Tensor): number => Math.max(4, DTYPES[p.dtype].bytes);

type PieceState = (kind: 'exp_avg' | 'exp_avg_sq' | 'step', piece: UnitPiece) => Tensor;

/** A unit a block, in their order; what is outside blocks a unit a dtype and the aligner one. */
function byBlock(weights: readonly UnitWeight[], gates: BlockGates | null) {
  const blocks = new Map<BlockGate, UnitWeight[]>();
  const rest = new Set(weights);
  for (const gate of gates?.list ?? []) {
    const list = weights.filter(({ param }) => gate.tensors.has(param));
    for (const weight of list) rest.delete(weight);
    if (list.length > 0) blocks.set(gate, list);
  }
  const outside = new Map<string, UnitWeight[]>();
  for (const weight of rest) {
    const key = `${weight.param.dtype} ${weight.name.startsWith(ALIGNER)}`;
    outside.set(key, [...(outside.get(key) ?? []), weight]);
  }
  return { blocks, outside: [...outside.values()] };
}
