import { deviceInfo, type ProcessGroup } from '@motion-enhancer/libtorch';
import { expected } from '@motion-enhancer/support';
import type { Vlm } from '../../vlm/index.js';
import type { Recipe } from '../recipe.js';
import { checkFits, trainingMemory } from '../run/training-memory.js';
import type { BlockGates } from './block-gates.js';
import { chooseSharding, type Sharding, shardedMemory } from './choose-sharding.js';

/**
 * How this run is spread over its ranks, and a line that says what a rank holds; no line on a CPU.
 * @throws UserError ERR_MEMORY where it does not fit, ERR_VALUE for `full` without recomputation
 */
export function planSharding(
  { model, device }: Pick<Vlm, 'model' | 'device'>,
  recipe: Pick<Recipe, 'gradients' | 'recompute'>,
  { size }: Pick<ProcessGroup, 'size'>,
  asked: Sharding | 'auto',
  gates: BlockGates | null,
): { sharding: Sharding; line: string | null } {
  const whole = trainingMemory(model.parameters().values(), recipe);
  const comes = new Set(gates?.list.flatMap(({ tensors }) => [...tensors]) ?? []);
  const stays = [...model.parameters().values()].filter((p) => !p.requiresGrad || !comes.has(p));
  const outside = trainingMemory(stays, recipe);
  const total = device === 'cpu' ? null : deviceInfo(Number(device.split(':')[1] ?? 0)).total;
  const sharding = asked === 'auto' ? chooseSharding(whole, size, total, outside) : asked;
  if (sharding === 'full' && recipe.recompute !== 'blocks')
    throw expected(
      'blocks with sharding full',
      'recompute',
      recipe.recompute,
      'Weights that come and go are gathered again for the backward pass, where blocks are computed again.',
    );
  if (total === null) return { sharding, line: null };
  const line = checkFits(shardedMemory(whole, sharding, size, outside), total, device);
  return { sharding, line: size > 1 ? `sharding ${sharding}; of each rank ${line}` : line };
}
