const MOST = 8;

/** "rank 3", "ranks 3 and 5", or "ranks 0, 1, 2, 3, 4, 5, 6, 7 and 56 more". */
export function rankList(ranks: readonly number[]): string {
  if (ranks.length === 1) return `rank ${ranks[0]}`;
  if (ranks.length > MOST) return `ranks ${ranks.slice(0, MOST).join(', ')} and ${ranks.length - MOST} more`;
  return `ranks ${ranks.slice(0, -1).join(', ')} and ${ranks.at(-1)}`;
}
