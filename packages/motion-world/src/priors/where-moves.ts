import type { WorldClip } from '../generate/index.js';

/**
 * How much of each cell of a grid the clip's mover covers where it is seen: [F · H · W] in [0, 1].
 * @param frames,cells the clip's frames and pixels are divided into so many
 */
export function moverShare({ masks, count, size, scene }: WorldClip, frames: number, cells: number): Float64Array {
  const label = (scene.mover ?? -2) + 1;
  const share = new Float64Array(frames * cells * cells);
  const per = (count / frames) * (size / cells) ** 2;
  for (let i = 0; i < masks.length; i++) {
    if (masks[i] !== label) continue;
    const [t, y, x] = [Math.floor(i / (size * size)), Math.floor(i / size) % size, i % size];
    const cell = (Math.floor((t * frames) / count) * cells + Math.floor((y * cells) / size)) * cells;
    share[cell + Math.floor((x * cells) / size)]! += 1 / per;
  }
  return share;
}

/** A cell is "on" the mover when at least a quarter of it is. */
export const ON = 0.25;

/** Share of a map's mass that lies on the mover ÷ the mover's share of the clip (1 is uniform), and whether its peak does. */
export function lift(map: ArrayLike<number>, share: Float64Array): { lift: number; hit: boolean } {
  let mass = 0;
  let on = 0;
  let area = 0;
  let peak = 0;
  for (let i = 0; i < share.length; i++) {
    mass += map[i]!;
    on += map[i]! * share[i]!;
    area += share[i]!;
    if (map[i]! > map[peak]!) peak = i;
  }
  return { lift: on / mass / (area / share.length), hit: share[peak]! >= ON };
}

/** The largest lift that a map can have: all of it on a cell that is all mover. */
export const perfectLift = (share: Float64Array): number =>
  Math.max(...share) / (share.reduce((a, b) => a + b, 0) / share.length);

/** Area under the ROC curve: how often one of `high` exceeds one of `low`, ties half. */
export function auc(high: readonly number[], low: readonly number[]): number {
  let sum = 0;
  for (const a of high) for (const b of low) sum += a > b ? 1 : a === b ? 0.5 : 0;
  return sum / (high.length * low.length);
}

/** Spearman's rank correlation; ties get the mean of their ranks. */
export function spearman(a: readonly number[], b: readonly number[]): number {
  const [x, y] = [meanRanks(a), meanRanks(b)];
  const mean = (a.length - 1) / 2;
  let [xy, xx, yy] = [0, 0, 0];
  for (let i = 0; i < x.length; i++) {
    const [dx, dy] = [x[i]! - mean, y[i]! - mean];
    xy += dx * dy;
    xx += dx * dx;
    yy += dy * dy;
  }
  return xx === 0 || yy === 0 ? 0 : xy / Math.sqrt(xx * yy);
}

function meanRanks(values: readonly number[]): number[] {
  const order = [...values.keys()].sort((i, j) => values[i]! - values[j]!);
  const ranks = new Array<number>(values.length);
  for (let from = 0; from < order.length; ) {
    let to = from;
    while (to + 1 < order.length && values[order[to + 1]!] === values[order[from]!]) to++;
    for (let k = from; k <= to; k++) ranks[order[k]!] = (from + to) / 2;
    from = to + 1;
  }
  return ranks;
}
