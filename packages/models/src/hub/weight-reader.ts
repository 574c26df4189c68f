import { type DType, keep, scope, type Tensor } from '@motion-enhancer/libtorch';
import { UserError } from '@motion-enhancer/support';
import type { Checkpoint } from './checkpoint.js';

export interface WeightOptions {
  /** What the weights become; by default they stay as stored. */
  dtype?: DType;
  device?: string;
  /** From the model's name of a weight to the checkpoint's. */
  rename?: (name: string) => string;
}

/** Hands a checkpoint's weights to a model: checked, converted, and noted, so that tensors that nobody read can be reported. */
export class WeightReader {
  readonly checkpoint: Checkpoint;
  readonly #options: WeightOptions;
  readonly #used = new Set<string>();
  readonly #given: Tensor[] = [];

  constructor(checkpoint: Checkpoint, options: WeightOptions = {}) {
    this.checkpoint = checkpoint;
    this.#options = options;
  }

  has(name: string): boolean {
    return this.checkpoint.has(this.#rename(name));
  }

  /**
   * A weight, outside of every scope: the model owns it and must `dispose()` it.
   * @throws UserError `ERR_CHECKPOINT` when the checkpoint lacks it, or has it in another shape
   */
  get(name: string, shape: readonly number[]): Tensor {
    const stored = this.#rename(name);
    const info = this.checkpoint.info(stored);
    if (info.shape.length !== shape.length || info.shape.some((size, i) => size !== shape[i])) {
      throw new UserError(
        `Expected shape [${shape.join(', ')}] for ${stored} in ${this.checkpoint.fileOf(stored)} but received ` +
          `[${info.shape.join(', ')}]. The weights do not belong to ${this.checkpoint.configFile}: download the checkpoint again.`,
        { code: 'ERR_CHECKPOINT' },
      );
    }
    this.#used.add(stored);
    const weight = scope(() => keep(this.checkpoint.read(stored, this.#options)));
    this.#given.push(weight);
    return weight;
  }

  /** Tensors of the checkpoint that nobody read. */
  unused(): string[] {
    return this.checkpoint.names.filter((name) => !this.#used.has(name));
  }

  /** Frees every weight handed out: for a loader that fails half way, or as a model's own `dispose`. */
  dispose(): void {
    for (const weight of this.#given) weight.dispose();
    this.#given.length = 0;
  }

  #rename(name: string): string {
    return this.#options.rename?.(name) ?? name;
  }
}
