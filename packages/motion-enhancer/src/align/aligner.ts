import {
  type Generator,
  keep,
  noGrad,
  openSafetensors,
  rand,
  scope,
  stack,
  type Tensor,
  writeSafetensors,
} from '@motion-enhancer/libtorch';
import { UserError } from '@motion-enhancer/support';
import { linearOfRuns } from './linear-of-runs.js';

export type AlignerKind = 'mlp' | 'pointwise' | 'identity';

interface Layer {
  weight: Tensor;
  bias: Tensor;
}

/** Their numbers in a torch.nn.Sequential. */
const LAYERS = [0, 2, 4] as const;

/**
 * Maps the VLM's attention rows to the prior's space, row by row (Section 4.4): Linear(S→m) GELU Linear(m→m) GELU
 * Linear(m→S). `pointwise` is the same over single cells (S = 1), `identity` has no weights. Used in training only.
 * Those of R runs that are trained side by side are one aligner whose weights have a leading axis (`stackAligners`).
 */
export class Aligner {
  readonly kind: AlignerKind;
  /** S, and the hidden width m */
  readonly cells: number;
  readonly hidden: number;
  readonly #layers: Layer[];

  /** @param layers from `createAligner` or `loadAligner`; owned from now on */
  constructor(kind: AlignerKind, cells: number, hidden: number, layers: Layer[]) {
    this.kind = kind;
    this.cells = cells;
    this.hidden = hidden;
    this.#layers = layers;
  }

  /** Rows [words, S] → the same; of R stacked aligners [R, ..., words, S] → the same, each run through its own. */
  forward(rows: Tensor): Tensor {
    const [first] = this.#layers;
    if (!first) return rows;
    // [M, inputs], or [R, M, inputs]
    const runs = first.weight.shape.slice(0, -2);
    let x = rows.reshape(...runs, -1, this.kind === 'pointwise' ? 1 : rows.size(-1));
    this.#layers.forEach((layer, i) => {
      x = linearOfRuns(i === 0 ? x : x.gelu(), layer);
    });
    return x.view(...rows.shape);
  }

  /** Parameters under the names of a torch.nn.Sequential: `0.weight`, `0.bias`, `2.weight`, … */
  parameters(): Map<string, Tensor> {
    return new Map(
      this.#layers.flatMap((layer, i) => [
        [`${2 * i}.weight`, layer.weight] as const,
        [`${2 * i}.bias`, layer.bias] as const,
      ]),
    );
  }

  /** Keeps the aligner beside a checkpoint: it is no part of the exported model. */
  save(path: string): void {
    const tensors = this.parameters();
    scope(() =>
      writeSafetensors(path, new Map([...tensors].map(([n, t]) => [n, t.detach().cpu().contiguous()])), {
        kind: this.kind,
        cells: String(this.cells),
        hidden: String(this.hidden),
      }),
    );
  }

  dispose(): void {
    for (const layer of this.#layers) for (const t of [layer.weight, layer.bias]) t.dispose();
  }
}

export interface AlignerOptions {
  kind: AlignerKind;
  cells: number;
  hidden: number;
  device: string;
  generator: Generator;
  /** Default float32. */
  dtype?: 'float32' | 'float64';
}

/** A new aligner, initialised as torch.nn.Linear is: uniform in ±1/√(inputs). */
export function createAligner({ kind, cells, hidden, device, generator, dtype = 'float32' }: AlignerOptions): Aligner {
  if (kind === 'identity') return new Aligner(kind, cells, hidden, []);
  const ends = kind === 'pointwise' ? 1 : cells;
  const sizes = [ends, hidden, hidden, ends];
  const uniform = (shape: number[], inputs: number) =>
    keep(
      scope(() =>
        rand(shape, { generator })
          .mul(2)
          .sub(1)
          .mul(1 / Math.sqrt(inputs))
          .to(dtype, device),
      ),
    ).requiresGrad_();
  const layers = [0, 1, 2].map((i) => ({
    weight: uniform([sizes[i + 1]!, sizes[i]!], sizes[i]!),
    bias: uniform([sizes[i + 1]!], sizes[i]!),
  }));
  return new Aligner(kind, cells, hidden, layers);
}

/**
 * The aligners of R runs as one, with copies of their weights: [R, …]. Its rows have the run axis first.
 * @param aligners of one kind and size
 */
export function stackAligners(aligners: readonly Aligner[]): Aligner {
  const { kind, cells, hidden } = aligners[0]!;
  const all = aligners.map((aligner) => aligner.parameters());
  const stacked = (name: string) =>
    keep(noGrad(() => scope(() => stack(all.map((parameters) => parameters.get(name)!))))).requiresGrad_();
  const layers = LAYERS.slice(0, all[0]!.size / 2).map((i) => ({
    weight: stacked(`${i}.weight`),
    bias: stacked(`${i}.bias`),
  }));
  return new Aligner(kind, cells, hidden, layers);
}

/**
 * An aligner from named tensors (`0.weight` … `4.bias`), copied.
 * @param cells S, where the weights do not say it (pointwise, identity)
 * @throws UserError when a tensor is missing
 */
export function alignerFromTensors(
  kind: AlignerKind,
  tensors: ReadonlyMap<string, Tensor>,
  device = 'cpu',
  cells?: number,
): Aligner {
  if (kind === 'identity') return new Aligner(kind, cells ?? 0, 0, []);
  const names = LAYERS.flatMap((i) => [`${i}.weight`, `${i}.bias`]);
  // Before anything is copied, so that a refusal leaves nothing behind.
  const missing = names.find((name) => !tensors.has(name));
  if (missing)
    throw new UserError(`The aligner has no tensor ${missing}: it was saved by something else.`, {
      code: 'ERR_CHECKPOINT',
    });
  const read = (name: string): Tensor =>
    keep(noGrad(() => scope(() => tensors.get(name)!.to('float32', device).clone()))).requiresGrad_();
  const layers = LAYERS.map((i) => ({ weight: read(`${i}.weight`), bias: read(`${i}.bias`) }));
  const [hidden, inputs] = layers[0]!.weight.shape as [number, number];
  return new Aligner(kind, cells ?? inputs, hidden, layers);
}

/** What `save` wrote. */
export function loadAligner(path: string, device = 'cpu'): Aligner {
  return scope(() => {
    const file = openSafetensors(path);
    try {
      const tensors = new Map([...file.tensors.keys()].map((name) => [name, file.read(name)]));
      const { kind = 'mlp', cells } = file.metadata;
      return alignerFromTensors(kind as AlignerKind, tensors, device, cells === undefined ? undefined : Number(cells));
    } finally {
      file.close();
    }
  });
}
