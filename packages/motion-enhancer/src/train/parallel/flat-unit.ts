import {
  allGatherAsync,
  aten,
  noGrad,
  type PendingTensor,
  type ProcessGroup,
  reduceScatterAsync,
  Scope,
  scope,
  type Tensor,
  zeros,
} from '@motion-enhancer/libtorch';
import { FlatLayout, type FlatPiece } from './flat-layout.js';
import { wide } from './sum-gradients.js';

/** A weight that learns, and the optimiser group that it belongs to. */
export interface UnitWeight {
  name: string;
  param: Tensor;
  shape: readonly number[];
  group: number;
}

/** A rank's piece of a weight: a part of its float32 master (float64 of float64). */
export interface UnitPiece extends FlatPiece {
  weight: UnitWeight;
  master: Tensor;
}

/**
 * Some weights that are gathered together: a block's, or what lies outside blocks. A rank holds a shard of their flat float32
 * masters and, between backward pass and step, of their gradients; the weights themselves are cast from the shards and
 * gathered, in their own dtype, and either stay or go after use.
 */
export class FlatUnit {
  readonly weights: readonly UnitWeight[];
  readonly layout: FlatLayout;
  readonly pieces: readonly UnitPiece[];
  /** Whether the weights lie on the device all the time. */
  readonly stays: boolean;
  /** Which weights have had a gradient here since `forget`. */
  readonly present: boolean[];
  /** This shard of the gradients of all ranks, summed; null before there is one. */
  grad: Tensor | null = null;
  readonly #group: ProcessGroup;
  readonly #scope = new Scope();
  readonly #master: Tensor;
  readonly #nothing: Tensor;
  #gathering: { flat: PendingTensor; shard: Tensor } | null = null;
  #flat: Tensor | null = null;
  #reducing: { sum: PendingTensor; flat: Tensor } | null = null;

  constructor(weights: readonly UnitWeight[], stays: boolean, group: ProcessGroup) {
    this.weights = weights;
    this.stays = stays;
    this.#group = group;
    this.present = weights.map(() => false);
    this.layout = new FlatLayout(
      weights.map(({ param }) => param.numel),
      group.size,
    );
    const { device, dtype } = weights[0]!.param;
    const own = this.layout.piecesOf(group.rank);
    const made = noGrad(() =>
      this.#scope.run(() => {
        const master = zeros([this.layout.shard], { dtype: wide({ dtype }), device });
        const pieces = own.map((piece) => ({
          ...piece,
          weight: weights[piece.index]!,
          master: master.narrow(0, piece.at, piece.count),
        }));
        for (const { weight, master: target, from, count } of pieces)
          scope(() => target.copy_(weight.param.detach().reshape(-1).narrow(0, from, count)));
        return { master, pieces, nothing: zeros([1], { dtype, device }) };
      }),
    );
    this.#master = made.master;
    this.pieces = made.pieces;
    this.#nothing = made.nothing;
    if (stays) this.gather();
    else this.#showNothing();
  }

  /** Starts to gather the weights, unless that is under way or they are there. */
  start(): void {
    if (!this.#gathering && !this.#flat) this.#startInto(undefined);
  }

  #startInto(flat: Tensor | undefined): void {
    this.#gathering = noGrad(() =>
      this.#scope.run(() => {
        const { dtype } = this.weights[0]!.param;
        // No second copy: a shard is cast, then gathered.
        const shard = this.#master.dtype === dtype ? aten.alias(this.#master) : this.#master.to(dtype);
        return { flat: allGatherAsync(shard, this.#group, flat), shard };
      }),
    );
  }

  /** The weights are there. */
  gather(): void {
    this.start();
    if (!this.#gathering) return;
    const { flat: pending, shard } = this.#gathering;
    this.#gathering = null;
    const flat = this.#scope.run(() => pending.waitNow());
    shard.dispose();
    // Gathered into the memory that the weights lie in.
    if (flat === this.#flat) return;
    this.#flat = flat;
    noGrad(() =>
      scope(() => {
        for (const [i, { param, shape }] of this.weights.entries()) {
          const { offset, numel } = this.layout.places[i]!;
          aten.set_data(param, flat.narrow(0, offset, numel).view(...shape));
        }
      }),
    );
  }

  /** They go, of a unit whose weights do not stay. */
  free(): void {
    if (this.stays) return;
    this.#flat?.dispose();
    this.#flat = null;
    this.#showNothing();
  }

  /** Gathers again what stays, after a step. */
  renew(): void {
    if (!this.stays) return;
    this.gather();
    this.#startInto(this.#flat!);
  }

  /** Weights keep their shapes, over one value. */
  #showNothing(): void {
    noGrad(() =>
      scope(() => {
        for (const { param, shape } of this.weights) aten.set_data(param, this.#nothing.expand(...shape));
      }),
    );
  }

  /** Starts to add the ranks' gradients of these weights to `grad`, and lets them go. Without one a rank adds zeros. */
  startReduce(): void {
    this.finishReduce();
    this.#reducing = noGrad(() =>
      this.#scope.run(() => {
        const flat = zeros([this.layout.total], { dtype: this.#master.dtype, device: this.#master.device });
        scope(() => {
          for (const [i, { param }] of this.weights.entries()) {
            const { grad } = param;
            if (!grad) continue;
            this.present[i] = true;
            const { offset, numel } = this.layout.places[i]!;
            flat.narrow(0, offset, numel).copy_(grad.reshape(-1));
            param.grad = null;
          }
        });
        return { sum: reduceScatterAsync(flat, this.#group), flat };
      }),
    );
  }

  finishReduce(): void {
    if (!this.#reducing) return;
    const { sum: pending, flat } = this.#reducing;
    this.#reducing = null;
    const sum = this.#scope.run(() => pending.waitNow());
    flat.dispose();
    if (!this.grad) {
      this.grad = sum;
      return;
    }
    const { grad } = this;
    noGrad(() => scope(() => grad.add_(sum)));
    sum.dispose();
  }

  forget(): void {
    this.finishReduce();
    this.grad?.dispose();
    this.grad = null;
    this.present.fill(false);
    for (const { param } of this.weights) param.grad = null;
  }

  /** A shard whose pieces are copied from `pick`, with zeros between. */
  shardOf(pick: (piece: UnitPiece) => Tensor): Tensor {
    return noGrad(() =>
      scope(() => {
        const shard = zeros([this.layout.shard], { dtype: this.#master.dtype, device: this.#master.device });
        for (const piece of this.pieces) shard.narrow(0, piece.at, piece.count).copy_(pick(piece));
        return shard;
      }),
    );
  }

  dispose(): void {
    // What is under way must not write to memory that is freed; after a failure nothing comes any more.
    try {
      this.#scope.run(() => this.#gathering?.flat.waitNow());
      this.finishReduce();
    } catch {}
    this.#gathering = null;
    for (const { param } of this.weights) param.grad = null;
    this.#scope.close();
  }
}
