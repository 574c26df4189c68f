/**
 * The weights of one block of a network: they are there while the block runs. They may always lie on the device
 * (`residentWeights`), be gathered from shards, or be copied from the host.
 */
export interface BlockWeights<W> {
  /** The weights where they always lie on the device, else null. */
  readonly resident: W | null;
  /**
   * Runs the block with its weights, which may be gone when it returns: in inference, in the forward pass of training,
   * and once more for recomputation and backward pass together.
   */
  during<T>(run: (weights: W) => T): T;
  /** Called while the block before it runs, so that weights can be on their way. May be called without a `during`. */
  prefetch(): void;
  /**
   * Called within `during` when the gradients that one backward pass gives to these weights are complete (`leaf.grad`,
   * absent where no gradient arrived): the place to take them to master parameters or to reduce them over processes.
   * Blocks run through `Checkpoints` for it.
   */
  afterBackward?(weights: W): void;
}

/** Weights that always lie on the device: no cost. */
export function residentWeights<W>(weights: W): BlockWeights<W> {
  return { resident: weights, during: (run) => run(weights), prefetch() {} };
}
