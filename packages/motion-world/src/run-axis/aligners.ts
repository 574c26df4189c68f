import {
  type Aligner,
  type AlignerKind,
  createAligner,
  stackAligners,
} from '@motion-enhancer/core/internal/align/index.js';
import { Generator, keep, noGrad, scope, type Tensor, tensor } from '@motion-enhancer/libtorch';

const KINDS: readonly AlignerKind[] = ['identity', 'mlp', 'pointwise'];

export interface RunAlignerOptions {
  /** By run. */
  kinds: readonly AlignerKind[];
  /** By run: equal seeds begin with equal weights. */
  seeds: readonly number[];
  cells: number;
  hidden: number;
  device: string;
}

/** The aligners of R runs, each of its own kind: stacked `Aligner`s. Free it with `dispose()`. */
export class RunAligners {
  /** `mlp.0.weight` [R, …], …: of every kind that some run has; a run of another kind gets no gradient in it. */
  readonly parameters: ReadonlyMap<string, Tensor>;
  readonly #ofKind: { aligner: Aligner; share_R111: Tensor }[];

  constructor(options: RunAlignerOptions) {
    const { kinds, device } = options;
    this.#ofKind = KINDS.filter((kind) => kinds.includes(kind)).map((kind) => ({
      aligner: newAligners(kind, options),
      share_R111: noGrad(() =>
        keep(
          scope(() =>
            tensor(
              kinds.map((one) => Number(one === kind)),
              { device, shape: [kinds.length, 1, 1, 1] },
            ),
          ),
        ),
      ),
    }));
    this.parameters = new Map(
      this.#ofKind.flatMap(({ aligner }) =>
        [...aligner.parameters()].map(([name, parameter]) => [`${aligner.kind}.${name}`, parameter] as const),
      ),
    );
  }

  /** [R, B, W, S] → the same, each run through its own aligner. */
  forward(rows_RBWS: Tensor): Tensor {
    if (this.parameters.size === 0) return rows_RBWS;
    return scope(() =>
      this.#ofKind
        .map(({ aligner, share_R111 }) => aligner.forward(rows_RBWS).mul(share_R111))
        .reduce((sum, part) => sum.add(part)),
    );
  }

  dispose(): void {
    for (const { aligner, share_R111 } of this.#ofKind) {
      aligner.dispose();
      share_R111.dispose();
    }
  }
}

/** One of the kind for every run. */
function newAligners(kind: AlignerKind, { seeds, cells, hidden, device }: RunAlignerOptions): Aligner {
  const alone = seeds.map((seed) => {
    const generator = new Generator(seed);
    try {
      return createAligner({ kind, cells, hidden, device, generator });
    } finally {
      generator.dispose();
    }
  });
  try {
    return stackAligners(alone);
  } finally {
    for (const aligner of alone) aligner.dispose();
  }
}
