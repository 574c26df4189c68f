import { type BlockWeights, type Tensor, tensorsIn } from '@motion-enhancer/libtorch';
import type { WrapBlock } from '@motion-enhancer/models';

/** Brings a block's weights and takes them away. */
export interface BlockKeeper {
  during<T>(gate: BlockGate, run: () => T): T;
}

/** A block whose weights may come and go. */
export interface BlockGate {
  readonly name: string;
  readonly tensors: ReadonlySet<Tensor>;
  /** Null: they always lie on the device. */
  keeper: BlockKeeper | null;
}

/**
 * The blocks of a model in the order in which they run, for whoever is to bring their weights. Give `wrap` to the model's
 * loader. Without a keeper weights stay, at no cost.
 */
export class BlockGates {
  readonly list: BlockGate[] = [];

  readonly wrap: WrapBlock = <W>(weights: W, name: string): BlockWeights<W> => {
    const gate: BlockGate = { name, tensors: tensorsIn(weights), keeper: null };
    this.list.push(gate);
    return {
      get resident() {
        return gate.keeper ? null : weights;
      },
      during: (run) => (gate.keeper ? gate.keeper.during(gate, () => run(weights)) : run(weights)),
      // The keeper knows the order of all ranks, which is what counts.
      prefetch() {},
    };
  };
}
