import { cat, keep, scope, type Tensor } from '@motion-enhancer/libtorch';
import { entries } from './map-rows.js';

/** One layer of one step: q (scaled) and k [heads, S, d] and the log-sum-exp [heads, S] that normalises their scores. */
export interface Pass {
  q: Tensor;
  k: Tensor;
  lse: Tensor;
}

/** What `replay` keeps of the passes, by group. */
export class KeptPasses {
  readonly #groups: Pass[][] = [];

  add(group: number, { q, k, lse }: Pass): void {
    this.#groups[group] ??= [];
    this.#groups[group].push(keep({ q: q.clone(), k: k.clone(), lse: lse.clone() }));
  }

  /** Rows of the sums of the maps, group after group: [groups · heads, length, S] */
  tile(groups: number, start: number, length: number): Tensor {
    return scope(() => {
      const sums = Array.from({ length: groups }, (_, group) => {
        const [first, ...rest] = this.#groups[group]!;
        const rows = ({ q, k, lse }: Pass) => entries(q.narrow(1, start, length), k, lse.narrow(1, start, length));
        const sum = rows(first!);
        for (const pass of rest) scope(() => sum.add_(rows(pass)));
        return sum;
      });
      return sums.length === 1 ? sums[0]! : cat(sums, 0);
    });
  }

  dispose(): void {
    for (const pass of this.#groups.flat()) for (const t of Object.values(pass)) (t as Tensor).dispose();
    this.#groups.length = 0;
  }
}
