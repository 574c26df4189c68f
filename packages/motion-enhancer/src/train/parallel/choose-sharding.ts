import type { TrainingMemory } from '../run/training-memory.js';

export type Sharding = 'none' | 'optimizer' | 'full';

/** Share of a GPU that weights and optimiser may take: activations need the rest. */
const SHARE = 0.75;

/** What stands through a run on one rank, bytes, from what a rank alone would have. */
export function shardedMemory(whole: TrainingMemory, sharding: Sharding, ranks: number): TrainingMemory {
  if (sharding === 'none') return whole;
  // Masters are float32 whatever the weights are; those of float32 weights are shards besides them.
  const wide = whole.moments / 2;
  const [masters, moments] = [wide / ranks, whole.moments / ranks];
  if (sharding === 'optimizer') return { ...whole, masters, moments, gradients: whole.gradients + wide / ranks };
  return { weights: 0, masters, moments, gradients: wide / ranks };
}

/** The least sharding that fits: it is the fastest. @param memory of the device, bytes; null on a CPU */
export function chooseSharding(whole: TrainingMemory, ranks: number, memory: number | null): Sharding {
  if (ranks === 1 || memory === null) return 'none';
  const fits = (sharding: Sharding) => {
    const { weights, masters, moments, gradients } = shardedMemory(whole, sharding, ranks);
    return weights + masters + moments + gradients <= SHARE * memory;
  };
  return (['none', 'optimizer'] as const).find(fits) ?? 'full';
}
