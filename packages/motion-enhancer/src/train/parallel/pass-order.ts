import type { Tensor } from '@motion-enhancer/libtorch';
import { UserError } from '@motion-enhancer/support';
import type { BlockGate, BlockKeeper } from './block-gates.js';
import type { FlatUnit } from './flat-unit.js';
import type { SharedPasses } from './trained-weights.js';

/** A block of which all ranks gather the weights, and after its backward pass reduce the gradients. */
interface Turn {
  unit: FlatUnit;
  backward: boolean;
}

/**
 * Gathers each block's weights while the block before computes, frees them after, and reduces its gradients, in one order
 * on all ranks: that of the blocks in the forward pass and back. A rank that does not run a block, since its sample has no
 * video or it has no sample left, takes part in what the others gather and reduce. So nobody ever waits for a rank that
 * sees something else.
 */
export class PassOrder implements BlockKeeper, SharedPasses {
  readonly #units: ReadonlyMap<BlockGate, FlatUnit>;
  readonly #sees: (unit: FlatUnit) => boolean;
  #turns: Turn[] | null = null;
  #reducing: FlatUnit | null = null;

  /**
   * @param units of the blocks that learn, in the order of the forward pass
   * @param sees whether a block is one of the tower
   */
  constructor(units: ReadonlyMap<BlockGate, FlatUnit>, sees: (unit: FlatUnit) => boolean) {
    this.#units = units;
    this.#sees = sees;
    for (const gate of units.keys()) gate.keeper = this;
  }

  carries(parameter: Tensor): boolean {
    for (const gate of this.#units.keys()) if (gate.tensors.has(parameter)) return true;
    return false;
  }

  begin(sees: boolean): void {
    const forward = [...this.#units.values()].flatMap((unit) =>
      sees || !this.#sees(unit) ? [{ unit, backward: false }] : [],
    );
    this.#turns = [...forward, ...forward.toReversed().map(({ unit }) => ({ unit, backward: true }))];
    this.#turns[0]?.unit.start();
  }

  end(): void {
    while (this.#turns && this.#turns.length > 0) this.#take(this.#turns.shift()!, () => {});
    this.#turns = null;
    this.#finishReduce();
  }

  during<T>(gate: BlockGate, run: () => T): T {
    const unit = this.#units.get(gate)!;
    const turns = this.#turns;
    // Outside the passes of a step all ranks run the same blocks.
    if (!turns) {
      unit.gather();
      try {
        return run();
      } finally {
        unit.free();
      }
    }
    const at = turns.findIndex((turn) => turn.unit === unit);
    if (at < 0)
      throw new UserError(
        `The block ${gate.name} ran more than once in a pass: sharding full cannot serve this model. Take sharding optimizer.`,
        { code: 'ERR_VALUE' },
      );
    for (let i = 0; i < at; i++) this.#take(turns.shift()!, () => {});
    return this.#take(turns.shift()!, run);
  }

  #take<T>({ unit, backward }: Turn, run: () => T): T {
    unit.gather();
    const next = this.#turns?.[0]?.unit;
    // Turned round at the last block: its weights are there.
    if (next && next !== unit) next.start();
    try {
      const result = run();
      if (backward) this.#reduce(unit);
      return result;
    } finally {
      if (next !== unit) unit.free();
    }
  }

  /** One reduction is under way while the next block computes. */
  #reduce(unit: FlatUnit): void {
    this.#finishReduce();
    unit.startReduce();
    this.#reducing = unit;
  }

  #finishReduce(): void {
    this.#reducing?.finishReduce();
    this.#reducing = null;
  }

  dispose(): void {
    for (const gate of this.#units.keys()) gate.keeper = null;
  }
}
