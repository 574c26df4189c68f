const pairs = (word: string): Set<string> => new Set([...word].map((_, i) => word.slice(i, i + 2)));

/** The name most like `wanted` (shared pairs of letters), for "Did you mean …?"; undefined when none comes near. */
export function nearestName(wanted: string, names: Iterable<string>): string | undefined {
  const target = pairs(wanted);
  let best: string | undefined;
  let bestScore = 0;
  for (const name of names) {
    const have = pairs(name);
    let common = 0;
    for (const pair of have) if (target.has(pair)) common++;
    const score = common / Math.max(have.size, target.size);
    if (score > bestScore) [best, bestScore] = [name, score];
  }
  return bestScore >= 0.5 ? best : undefined;
}
