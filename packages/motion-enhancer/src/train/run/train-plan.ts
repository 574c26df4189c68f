import type { DType } from '@motion-enhancer/libtorch';
import { familyOf } from '../../vlm/families/family-of.js';
import type { ModelSize } from '../../vlm/memory/model-size.js';
import { type Sharding, shardedMemory } from '../parallel/choose-sharding.js';
import type { Recipe } from '../recipe.js';
import type { TrainingMemory } from './training-memory.js';

/** What each of so many ranks holds through a run, bytes; activations come on top. */
export interface RankPlan {
  ranks: number;
  sharding: Sharding;
  /** Weights that are whole on the rank, and the blocks that are gathered while they run. */
  weights: number;
  masters: number;
  moments: number;
  gradients: number;
  total: number;
}

export interface TrainPlan {
  name: string;
  /** Parameters, and those of them that learn. */
  parameters: number;
  learned: number;
  dtype: DType;
  plans: RankPlan[];
}

const SHARDINGS: readonly Sharding[] = ['none', 'optimizer', 'full'];
const HALF: readonly DType[] = ['bfloat16', 'float16'];

/**
 * What training needs of each of N GPUs, from the checkpoint's config.json alone.
 * @throws UserError ERR_CHECKPOINT, ERR_CONFIG
 */
export function trainPlan(
  dir: string,
  recipe: Pick<Recipe, 'gradients' | 'freeze'>,
  dtype: DType,
  counts: readonly number[],
): TrainPlan {
  const { family, raw, file } = familyOf(dir);
  const size = family.size(raw, file);
  const parts = { vision: size.vision, merger: size.merger, llm: size.language };
  const parameters = size.vision + size.merger + size.language;
  const frozen = Object.entries(parts).reduce((n, [part, count]) => n + (recipe.freeze.includes(part) ? count : 0), 0);
  const learned = parameters - frozen;
  const whole = wholeMemory(parameters, learned, dtype, recipe);
  const plans = counts.flatMap((ranks) =>
    SHARDINGS.filter((sharding) => ranks > 1 || sharding === 'none').map((sharding) => {
      const memory = shardedMemory(whole, sharding, ranks);
      if (sharding === 'full') addGathered(memory, size, frozen, dtype, recipe);
      const { weights, masters, moments, gradients } = memory;
      return { ranks, sharding, ...memory, total: weights + masters + moments + gradients };
    }),
  );
  return { name: family.name, parameters, learned, dtype, plans };
}

const bytesOf = (dtype: DType) => (HALF.includes(dtype) ? 2 : dtype === 'float64' ? 8 : 4);

function wholeMemory(
  parameters: number,
  learned: number,
  dtype: DType,
  { gradients }: Pick<Recipe, 'gradients'>,
): TrainingMemory {
  const bytes = bytesOf(dtype);
  const half = bytes === 2;
  return {
    weights: parameters * bytes,
    masters: half ? 4 * learned : 0,
    moments: 2 * learned * Math.max(4, bytes),
    gradients: learned * (half && gradients === 'float32' ? 4 : bytes),
  };
}

/** What is outside blocks stays, with its gradient; of blocks two are there at once, and one's float32 gradient. */
function addGathered(
  memory: TrainingMemory,
  size: ModelSize,
  frozen: number,
  dtype: DType,
  { gradients }: Pick<Recipe, 'gradients'>,
): void {
  const bytes = bytesOf(dtype);
  const outside = size.vocabularyWeights + size.merger;
  const block = (size.language - size.vocabularyWeights) / size.layers;
  memory.weights += (frozen + outside + 2 * block) * bytes;
  memory.gradients += outside * (gradients === 'float32' ? Math.max(4, bytes) : bytes) + 2 * block * Math.max(4, bytes);
}
