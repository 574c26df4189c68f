import { randomSource } from '@motion-enhancer/support';

/**
 * Batches of alike work out of the samples of a window: sorted by their work, cut into batches, and these shuffled, so that
 * neither short nor long samples come first. Samples are not padded; what is won is that ranks that take the samples of a
 * batch side by side have done at the same time, and that memory is used in alike pieces.
 * @param work of each sample, in any unit
 * @param seed of this window's shuffle
 * @returns places of the samples, batch by batch
 */
export function batchesOfAlike(work: readonly number[], batchSize: number, seed: number): number[] {
  const sorted = work.map((_, i) => i).sort((a, b) => work[a]! - work[b]! || a - b);
  const batches: number[][] = [];
  for (let at = 0; at < sorted.length; at += batchSize) batches.push(sorted.slice(at, at + batchSize));
  // An incomplete batch stays last, or the batches after it would be cut across.
  const whole = batches.filter((batch) => batch.length === batchSize);
  const random = randomSource(seed);
  for (let i = whole.length - 1; i > 0; i--) {
    const j = Math.floor(random() * (i + 1));
    [whole[i], whole[j]] = [whole[j]!, whole[i]!];
  }
  return [...whole, ...batches.filter((batch) => batch.length < batchSize)].flat();
}
