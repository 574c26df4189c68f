import { randomSource } from '@motion-enhancer/support';

export { randomSource };

/** Row numbers in the order of training: each epoch a permutation of its own (Fisher–Yates). */
export function trainingOrder(rows: number, samples: number, seed: number): number[] {
  const random = randomSource(seed);
  const order: number[] = [];
  while (order.length < samples) {
    const epoch = Array.from({ length: rows }, (_, i) => i);
    for (let i = rows - 1; i > 0; i--) {
      const j = Math.floor(random() * (i + 1));
      [epoch[i], epoch[j]] = [epoch[j]!, epoch[i]!];
    }
    order.push(...epoch);
  }
  return order.slice(0, samples);
}
