import type { TrainingMemory } from '../run/training-memory.js';

export type Sharding = 'none' | 'optimizer' | 'full';

/** Share of a GPU that weights and optimiser may take: activations need the rest. */
const SHARE = 0.75;

/** What stays on every rank with `full`: weights that are outside blocks or frozen, and their gradients. */
export type Outside = Pick<TrainingMemory, 'weights' | 'gradients'>;

const NOTHING: Outside = { weights: 0, gradients: 0 };

/** What stands through a run on one rank, bytes, from what a rank alone would have. */
export function shardedMemory(
  whole: TrainingMemory,
  sharding: Sharding,
  ranks: number,
  outside: Outside = NOTHING,
): TrainingMemory {
  if (sharding === 'none') return whole;
  // Masters are float32 whatever the weights are; those of float32 weights are shards besides them.
  const wide = whole.moments / 2;
  const [masters, moments] = [wide / ranks, whole.moments / ranks];
  const { weights, gradients } = sharding === 'optimizer' ? whole : outside;
  return { weights, masters, moments, gradients: gradients + wide / ranks };
}

/** The least sharding that fits: it is the fastest. @param memory of the device, bytes; null on a CPU */
export function chooseSharding(
  whole: TrainingMemory,
  ranks: number,
  memory: number | null,
  outside: Outside = NOTHING,
): Sharding {
  if (ranks === 1 || memory === null) return 'none';
  const fits = (sharding: Sharding) => {
    const { weights, masters, moments, gradients } = shardedMemory(whole, sharding, ranks, outside);
    return weights + masters + moments + gradients <= SHARE * memory;
  };
  return (['none', 'optimizer'] as const).find(fits) ?? 'full';
}
