import { cat, keep, scope, type Tensor } from '@motion-enhancer/libtorch';
import { attentionFromLse } from './attention-from-lse.js';
import type { VideoScores } from './map-sources.js';

/** What `replay` keeps of the passes, by group: q (scaled) and k [clips, heads, S, d], lse [clips, heads, S]. */
export class KeptPasses {
  readonly #groups: VideoScores[][] = [];

  add(group: number, { q, k, lse }: VideoScores): void {
    this.#groups[group] ??= [];
    this.#groups[group].push(keep({ q: q.clone(), k: k.clone(), lse: lse.clone() }));
  }

  /** Rows of the sums of one clip's maps, pool after pool of groups: [pools · heads, length, S] */
  tile(clip: number, pools: readonly (readonly number[])[], start: number, length: number): Tensor {
    const rows = ({ q, k, lse }: VideoScores) => {
      const of = (x: Tensor) => x.select(0, clip);
      return attentionFromLse(of(q).narrow(1, start, length), of(k), of(lse).narrow(1, start, length));
    };
    return scope(() => {
      const sums = pools.map((pool) => {
        const [first, ...rest] = pool.flatMap((group) => this.#groups[group] ?? []);
        const sum = rows(first!);
        for (const pass of rest) scope(() => sum.add_(rows(pass)));
        return sum;
      });
      return sums.length === 1 ? sums[0]! : cat(sums, 0);
    });
  }

  dispose(): void {
    for (const { q, k, lse } of this.#groups.flat()) for (const t of [q, k, lse]) t.dispose();
    this.#groups.length = 0;
  }
}
