import { DTYPES, deviceInfo, type Tensor } from '@motion-enhancer/libtorch';
import { UserError } from '@motion-enhancer/support';
import type { Recipe } from '../recipe.js';

/** Bytes that stand through a whole run, before any activation. */
export interface TrainingMemory {
  weights: number;
  masters: number;
  moments: number;
  gradients: number;
}

/** What training some weights takes; frozen ones (`requiresGrad` false) are only there. */
export function trainingMemory(parameters: Iterable<Tensor>, recipe: Pick<Recipe, 'gradients'>): TrainingMemory {
  const memory = { weights: 0, masters: 0, moments: 0, gradients: 0 };
  for (const { numel, dtype, requiresGrad } of parameters) {
    const { bytes } = DTYPES[dtype];
    memory.weights += numel * bytes;
    if (!requiresGrad) continue;
    const half = bytes === 2;
    memory.masters += half ? numel * 4 : 0;
    memory.moments += 2 * numel * Math.max(4, bytes);
    memory.gradients += numel * (half && recipe.gradients === 'float32' ? 4 : bytes);
  }
  return memory;
}

const gib = (bytes: number) => (bytes / 2 ** 30).toFixed(1);

/** One line that says what a run holds. */
export function memoryLine({ weights, masters, moments, gradients }: TrainingMemory, device: number): string {
  const all = weights + masters + moments + gradients;
  return `memory: weights ${gib(weights)}, float32 masters ${gib(masters)}, moments ${gib(moments)}, gradients ${gib(gradients)}: ${gib(all)} of the GPU's ${gib(device)} GiB before activations`;
}

/**
 * Refuses a run whose weights, masters, moments and gradients alone are more than a GPU has, before anything is computed.
 * @returns what the run holds, to be told; null on a CPU
 * @throws UserError ERR_MEMORY
 */
export function planTrainingMemory(
  parameters: Iterable<Tensor>,
  recipe: Pick<Recipe, 'gradients'>,
  device: string,
): string | null {
  if (!device.startsWith('cuda')) return null;
  const { total } = deviceInfo(Number(device.split(':')[1] ?? 0));
  return checkFits(trainingMemory(parameters, recipe), total, device);
}

/** @throws UserError ERR_MEMORY */
export function checkFits(memory: TrainingMemory, total: number, device: string): string {
  const { weights, masters, moments, gradients } = memory;
  const line = memoryLine(memory, total);
  if (weights + masters + moments + gradients <= total) return line;
  throw new UserError(
    `Expected a run that fits ${device} but received one that does not: ${line}. Freeze parts of the model (--freeze vision), take a smaller model or a larger GPU${gradients > weights ? ', or leave gradients as the weights are' : ''}.`,
    { code: 'ERR_MEMORY' },
  );
}
