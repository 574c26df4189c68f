import { gatherJson, type ProcessGroup } from '@motion-enhancer/libtorch';
import { UserError } from '@motion-enhancer/support';

/**
 * Runs `body` on every rank and waits for all: where one fails, all do, with its error, so that nobody waits in vain.
 * @returns what it gave on each rank, of what JSON can hold
 */
export async function together<T>(group: ProcessGroup, body: () => T): Promise<T[]> {
  if (group.size === 1) return [body()];
  let mine: { value: T } | { error: { message: string; code: string } };
  let own: unknown = null;
  try {
    mine = { value: body() };
  } catch (error) {
    own = error;
    const { message, code = 'ERR_GROUP' } = error as Error & { code?: string };
    mine = { error: { message, code } };
  }
  const all = await gatherJson(mine, group);
  if (own) throw own;
  return all.map((item, rank) => {
    if ('value' in item) return item.value;
    throw new UserError(`Rank ${rank} (${group.hosts[rank]}) failed: ${item.error.message}`, { code: item.error.code });
  });
}

/** Runs `body` on the first rank while the others wait; where it fails, all do. */
export async function onFirstRank(group: ProcessGroup, body: () => void): Promise<void> {
  await together(group, () => {
    if (group.rank === 0) body();
    return null;
  });
}
