/** Cosine between a map and a mask, of any scale: 1 alike, 0 apart. */
export function cosine(map: ArrayLike<number>, mask: ArrayLike<number>): number {
  let [both, a, b] = [0, 0, 0];
  for (let i = 0; i < mask.length; i++) {
    both += map[i]! * mask[i]!;
    a += map[i]! ** 2;
    b += mask[i]! ** 2;
  }
  return a === 0 || b === 0 ? 0 : both / Math.sqrt(a * b);
}

/** Share of an even map that is mixed into the mask before its logarithm is taken: a cell beside the mover has none. */
const FLOOR = 1e-3;

/** KL(map ‖ mask) in nats, both with sum 1: what a map puts beside the mover weighs ln(1 / FLOOR) or so. */
export function divergence(map: ArrayLike<number>, mask: ArrayLike<number>): number {
  const sum = (values: ArrayLike<number>) => Array.from(values).reduce((a, b) => a + b, 0);
  const [ours, theirs] = [sum(map), sum(mask)];
  let total = 0;
  for (let i = 0; i < mask.length; i++) {
    const p = map[i]! / ours;
    const q = ((1 - FLOOR) * mask[i]!) / theirs + FLOOR / mask.length;
    if (p > 0) total += p * Math.log(p / q);
  }
  return total;
}
