import { keep, scope, type Tensor, zeros } from '@motion-enhancer/libtorch';
import { standardised } from './standardised.js';

/**
 * How alike maps of several passes are: the mean of Pearson's r over all pairs of passes, without keeping any pass. With
 * every map standardised to z, var(Σ z) = Σ var(z) + Σ r of ordered pairs.
 */
export class PassAgreement {
  /** Σ z: [..., S] */
  readonly #sum: Tensor;
  /** Σ var(z), 1 for each map that varies: [...] */
  readonly #own: Tensor;

  /** @param like of the maps' shape, dtype and device */
  constructor(like: Tensor) {
    const { dtype, device } = like;
    this.#sum = keep(zeros([...like.shape], { dtype, device }));
    this.#own = keep(zeros(like.shape.slice(0, -1), { dtype, device }));
  }

  /** One pass's maps of a group, [..., S] without the first axis. */
  add(group: number, maps: Tensor): void {
    scope(() => {
      const { z, varies } = standardised(maps);
      this.#sum.select(0, group).add_(z);
      this.#own.select(0, group).add_(varies);
    });
  }

  /** Of all groups, over so many passes: [...]; it belongs to the caller's scope. */
  mean(passes: number): Tensor {
    return scope(() =>
      this.#sum
        .square()
        .mean(-1)
        .sub(this.#own)
        .div(passes * (passes - 1)),
    );
  }

  dispose(): void {
    this.#sum.dispose();
    this.#own.dispose();
  }
}
