import { type AlignerKind, createAligner } from '@motion-enhancer/core/internal/align/index.js';
import { cat, Generator, keep, noGrad, scope, type Tensor, tensor } from '@motion-enhancer/libtorch';
import { runLinear } from './layers.js';

const KINDS = ['mlp', 'pointwise'] as const;

/** The aligners of R runs: `Aligner` with a run axis. Free it with `dispose()`. */
export class RunAligners {
  /** `mlp.0.weight` [R, …], …: of every kind that some run has; a run of another kind gets no gradient in it. */
  readonly parameters = new Map<string, Tensor>();
  readonly #shares = new Map<AlignerKind, Tensor>();

  /** @param seeds of the runs: equal seeds begin with equal weights */
  constructor(kinds: readonly AlignerKind[], seeds: readonly number[], cells: number, hidden: number, device: string) {
    noGrad(() => {
      for (const kind of new Set(kinds)) {
        const share = kinds.map((k) => (k === kind ? 1 : 0));
        this.#shares.set(kind, keep(scope(() => tensor(share, { device, shape: [kinds.length, 1, 1, 1] }))));
      }
      for (const kind of KINDS) {
        if (!kinds.includes(kind)) continue;
        const runs = seeds.map((seed) => newLayers(kind, seed, cells, hidden, device));
        for (const name of runs[0]!.keys()) {
          const stacked = keep(scope(() => cat(runs.map((run) => run.get(name)!.detach().unsqueeze(0)))));
          this.parameters.set(`${kind}.${name}`, stacked.requiresGrad_());
        }
        for (const run of runs) for (const t of run.values()) t.dispose();
      }
    });
  }

  /** [R, B, W, S] → the same, each run through its own aligner. */
  forward(rows_RBWS: Tensor): Tensor {
    if (this.parameters.size === 0) return rows_RBWS;
    return scope(() => {
      const parts = [...this.#shares].map(([kind, share]) => this.#through(kind, rows_RBWS).mul(share));
      return parts.reduce((sum, part) => sum.add(part));
    });
  }

  #through(kind: AlignerKind, rows_RBWS: Tensor): Tensor {
    if (kind === 'identity') return rows_RBWS;
    const [R, , , S] = rows_RBWS.shape as [number, number, number, number];
    let x = rows_RBWS.reshape(R, -1, kind === 'mlp' ? S : 1);
    for (const i of [0, 2, 4]) {
      const get = (name: string) => this.parameters.get(`${kind}.${i}.${name}`)!;
      x = runLinear(i === 0 ? x : x.gelu(), { weight: get('weight'), bias: get('bias') });
    }
    return x.view(...rows_RBWS.shape);
  }

  dispose(): void {
    for (const t of [...this.parameters.values(), ...this.#shares.values()]) t.dispose();
  }
}

function newLayers(kind: AlignerKind, seed: number, cells: number, hidden: number, device: string) {
  const generator = new Generator(seed);
  try {
    return createAligner({ kind, cells, hidden, device, generator }).parameters();
  } finally {
    generator.dispose();
  }
}
