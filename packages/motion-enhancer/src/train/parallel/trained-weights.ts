import type { Tensor } from '@motion-enhancer/libtorch';

/** The passes of a step that several ranks take together, where weights are gathered for them. */
export interface SharedPasses {
  /**
   * Before the forward pass of a sample, and for a rank that has none left as well.
   * @param sees whether any sample of the batch has something to see: else no tower runs
   */
  begin(sees: boolean): void;
  /** Whether this weight comes and goes: its gradient is then taken away after each backward pass. */
  carries(parameter: Tensor): boolean;
  /** After its backward pass: takes part in what the other ranks still gather. */
  end(): void;
}

/**
 * What a run trains, wherever it lies: whole on every rank, or in shards. All ranks call the same methods in the same
 * order, but for `named` and `dispose`.
 */
export interface TrainedWeights {
  /** Learning rates become the groups' peaks times this. */
  setRates(factor: number): void;
  /** Null where every rank has all weights. */
  readonly passes: SharedPasses | null;
  /** Before the first pass over a batch. */
  begin(): void;
  /** After the last: gradients become those of the whole batch. Once for each `begin`. */
  reduce(): void;
  /** Euclidean norm of these gradients, of all ranks; the aligner's are left out of the VLM's. */
  norm(part: 'all' | 'vlm'): number;
  /** @param scale on all gradients, which are gone afterwards */
  step(scale: number): void;
  forget(): void;
  /** What this rank holds of each weight; a gradient, where there is one, is its `grad`. */
  named(): readonly (readonly [string, Tensor])[];
  dispose(): void;
}
