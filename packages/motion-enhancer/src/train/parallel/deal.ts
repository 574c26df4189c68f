/**
 * Deals samples to ranks so that each has as many as any other or one fewer, and like work: the largest first, to the rank
 * that has the least. Depends on nothing but its arguments.
 * @param work of each sample, above 0
 * @param counts, loads what the ranks have already
 * @returns the rank of each sample
 */
export function deal(
  work: readonly number[],
  ranks: number,
  counts: readonly number[] = new Array<number>(ranks).fill(0),
  loads: readonly number[] = new Array<number>(ranks).fill(0),
): number[] {
  const [taken, load] = [[...counts], [...loads]];
  const all = work.length + taken.reduce((a, b) => a + b, 0);
  const most = Math.ceil(all / ranks);
  // So many may have `most`; the others have one fewer.
  let full = all - ranks * (most - 1);
  for (const count of taken) if (count >= most) full--;
  const owners = new Array<number>(work.length).fill(0);
  const largestFirst = work.map((_, i) => i).sort((a, b) => work[b]! - work[a]! || a - b);
  for (const i of largestFirst) {
    const open = taken.flatMap((count, rank) => (count < most - 1 || (count === most - 1 && full > 0) ? [rank] : []));
    const rank = (open.length > 0 ? open : taken.map((_, k) => k)).reduce((a, b) => (load[b]! < load[a]! ? b : a));
    owners[i] = rank;
    load[rank]! += work[i]!;
    taken[rank]!++;
    if (taken[rank] === most) full--;
  }
  return owners;
}
