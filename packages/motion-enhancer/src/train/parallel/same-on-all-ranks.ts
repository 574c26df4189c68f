import { gatherJson, type ProcessGroup } from '@motion-enhancer/libtorch';
import { UserError } from '@motion-enhancer/support';

/**
 * Refuses ranks that would train different things: the first difference is shown, with both values. Called by all.
 * @param mine named values that all ranks must have alike, of what JSON can hold
 * @throws UserError ERR_GROUP on every rank
 */
export async function sameOnAllRanks(mine: Readonly<Record<string, unknown>>, group: ProcessGroup): Promise<void> {
  if (group.size === 1) return;
  const all = await gatherJson(mine, group);
  const first = all[0]!;
  for (const [rank, other] of all.entries())
    for (const name of new Set([...Object.keys(first), ...Object.keys(other)])) {
      const [a, b] = [JSON.stringify(first[name]), JSON.stringify(other[name])];
      if (a === b) continue;
      throw new UserError(
        `Expected the same run on every rank but received ${name} ${a} on rank 0 (${group.hosts[0]}) and ${b} on rank ${rank} (${group.hosts[rank]}). Start all ranks with the same settings and the same files.`,
        { code: 'ERR_GROUP' },
      );
    }
}
