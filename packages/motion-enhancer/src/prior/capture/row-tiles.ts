/**
 * Row ranges of an S × S map of which two tiles (scores and their exponentials) stay within the scratch budget.
 * @param bytesPerEntry of all heads together
 */
export function rowTiles(S: number, bytesPerEntry: number, budget: number): [start: number, length: number][] {
  const step = Math.max(1, Math.min(S, Math.floor(budget / (2 * S * bytesPerEntry))));
  return Array.from({ length: Math.ceil(S / step) }, (_, i) => [i * step, Math.min(step, S - i * step)]);
}
