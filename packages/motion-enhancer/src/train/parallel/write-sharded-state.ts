import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { noGrad, type ProcessGroup, scope, writeSafetensors } from '@motion-enhancer/libtorch';
import { hashFile } from '@motion-enhancer/support';
import { beginState, finishState, type StateFacts } from '../state/states.js';
import type { ShardedWeights } from './sharded-weights.js';
import { together } from './together.js';

export interface ShardedState {
  run: string;
  weights: ShardedWeights;
  state: StateFacts;
  /** How many states are kept. */
  keep: number;
  group: ProcessGroup;
}

const digits = (n: number) => String(n).padStart(5, '0');

/**
 * Saves a state of shards: whole tensors under the names of a state of one process, so that any number of ranks can go on
 * from it. All ranks write, a file a block each in turn, into a folder that appears by one rename when all are done.
 * @returns the state's folder
 * @throws UserError ERR_WRITE on all ranks where one cannot write; nothing of the state is then left
 */
export async function writeShardedState({ run, weights, state, keep, group }: ShardedState): Promise<string> {
  const first = group.rank === 0;
  const begin = () => (first ? beginState(run, state.step, weights.stateBytes()) : '');
  const beside = (await together(group, begin))[0]!;
  try {
    const files = await together(group, () => writeOwn(beside, weights, state.step, group));
    const all = Object.fromEntries(files.flatMap((own) => Object.entries(own)).sort());
    const finish = () => (first ? finishState(run, beside, { ...state, files: all }, keep) : '');
    return (await together(group, finish))[0]!;
  } catch (error) {
    if (first) rmSync(beside, { recursive: true, force: true });
    throw error;
  }
}

/** This rank's files and their hashes. What goes wrong here is told after the last unit: the others need its part of each. */
function writeOwn(
  beside: string,
  weights: ShardedWeights,
  step: number,
  { rank, size }: ProcessGroup,
): Record<string, string> {
  const { units } = weights;
  const written: Record<string, string> = {};
  let failure: unknown = null;
  for (let round = 0; round < units.length; round += size) {
    // All of a round first, so that its files are written at once.
    let own: { name: string; tensors: ReturnType<ShardedWeights['gatherState']> } | null = null;
    for (const [k, unit] of units.slice(round, round + size).entries()) {
      const tensors = weights.gatherState(unit, k === rank);
      const name = `state-${digits(round + k + 1)}-of-${digits(units.length)}.safetensors`;
      if (k === rank) own = { name, tensors };
    }
    if (!own) continue;
    const { name, tensors } = own;
    try {
      const path = join(beside, name);
      if (!failure) noGrad(() => scope(() => writeSafetensors(path, tensors, { step: String(step) })));
      if (!failure) written[name] = hashFile(path);
    } catch (error) {
      failure = error;
    }
    for (const tensor of tensors.values()) tensor.dispose();
  }
  if (failure) throw failure;
  return written;
}
