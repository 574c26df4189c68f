import { type BlockWeights, keep, mapTensors, noGrad, scope, type Tensor, tensorsIn } from '@motion-enhancer/libtorch';

/** Of the tests: counts how many blocks' weights are there at once. */
export interface Alive {
  now: number;
  max: number;
  fetched: number;
}

/**
 * Of the tests: weights that are copied while their block runs, ahead of it after `prefetch`, and freed after it;
 * gradients of the copies are taken to `masters`, which is what another memory or other processes would hold.
 */
export function copiedWeights<W>(masters: W, alive: Alive): BlockWeights<W> {
  let copy: W | null = null;
  const fetch = (): W => {
    if (copy) return copy;
    copy = scope(() =>
      keep(
        mapTensors(masters, (t) => {
          const own = noGrad(() => t.detach().clone());
          return t.requiresGrad ? own.requiresGrad_() : own;
        }),
      ),
    );
    alive.fetched++;
    alive.now++;
    alive.max = Math.max(alive.max, alive.now);
    return copy;
  };
  return {
    resident: null,
    during(run) {
      try {
        return run(fetch());
      } finally {
        for (const t of tensorsIn(copy)) {
          t.grad = null;
          t.dispose();
        }
        copy = null;
        alive.now--;
      }
    },
    prefetch: () => void fetch(),
    afterBackward(weights) {
      const [own, all] = [[...tensorsIn(weights)], [...tensorsIn(masters)]];
      for (const [i, t] of own.entries()) if (t.grad) accumulate(all[i]!, t.grad);
    },
  };
}

function accumulate(master: Tensor, gradient: Tensor): void {
  noGrad(() => {
    const before = master.grad;
    master.grad = before ? before.add(gradient) : gradient.clone();
  });
}
