/** A small generator of its own (mulberry32): the order of data must not depend on libtorch's or Node's. */
export function randomSource(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

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
