import { AdamW, gradNorm, noGrad, type ProcessGroup, scope, type Tensor } from '@motion-enhancer/libtorch';
import type { NamedGroup } from '../optim/groups.js';
import type { Recipe } from '../recipe.js';
import type { StateReader } from '../state/open-state.js';
import { stateBytes } from '../state/states.js';
import { sumGradients } from './sum-gradients.js';
import type { TrainedWeights } from './trained-weights.js';

/** Names of the aligner's weights begin with it. */
export const ALIGNER = 'aligner.';

/** Weights and optimiser states that every rank has whole; alone, or with gradients that are summed once a step. */
export class WholeWeights implements TrainedWeights {
  readonly passes = null;
  readonly #groups: readonly NamedGroup[];
  readonly #names: readonly string[];
  readonly #optimiser: AdamW;
  readonly #parameters: readonly Tensor[];
  readonly #group: ProcessGroup;

  constructor(groups: readonly NamedGroup[], recipe: Recipe, group: ProcessGroup) {
    this.#groups = groups;
    this.#group = group;
    this.#names = groups.flatMap(({ names }) => names);
    this.#optimiser = new AdamW(
      groups.map((g) => ({ params: g.params, lr: g.peak, weightDecay: g.weightDecay })),
      { lr: recipe.lr, betas: [recipe.beta1, recipe.beta2], eps: recipe.adamEps, masterWeights: true },
    );
    this.#parameters = this.#optimiser.params;
  }

  setRates(factor: number): void {
    this.#optimiser.groups.forEach((group, g) => {
      group.lr = this.#groups[g]!.peak * factor;
    });
  }

  begin(): void {}

  reduce(): void {
    sumGradients(this.#parameters, this.#group);
  }

  norm(part: 'all' | 'vlm'): number {
    return scope(() => {
      const gradients = this.#parameters.flatMap(({ grad }, i) =>
        grad && (part === 'all' || !this.#names[i]!.startsWith(ALIGNER)) ? [grad] : [],
      );
      return gradients.length > 0 ? gradNorm(gradients).item() : 0;
    });
  }

  step(scale: number): void {
    scope(() =>
      this.#optimiser.step(
        this.#parameters.map((p) => p.grad),
        scale,
      ),
    );
    this.forget();
  }

  forget(): void {
    for (const p of this.#parameters) p.grad = null;
  }

  named(): readonly (readonly [string, Tensor])[] {
    return this.#names.map((name, i) => [name, this.#parameters[i]!] as const);
  }

  /** Moments, and each weight once: its float32 master where it has one. */
  stateTensors(): Map<string, Tensor> {
    const found = this.#optimiser.stateTensors(this.#names);
    for (const [name, p] of this.named()) if (!found.has(`master.${name}`)) found.set(`weights.${name}`, p);
    return found;
  }

  /** Goes on from a saved state, whoever saved it. */
  load(saved: StateReader): void {
    noGrad(() => {
      for (const [name, target] of this.stateTensors()) scope(() => target.copy_(saved.read(name, target.shape)));
    });
    this.#optimiser.restoreParameters();
  }

  /** Of a state's file. */
  stateBytes(): number {
    return stateBytes(this.stateTensors());
  }

  dispose(): void {
    this.forget();
    this.#optimiser.dispose();
  }
}
