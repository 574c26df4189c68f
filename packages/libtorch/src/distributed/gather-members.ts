import { UserError } from '@motion-enhancer/support';
import type { GroupMember } from './group-member.js';
import type { GroupStore } from './group-store.js';

/**
 * Tells the other ranks who this one is, and waits for all of them.
 * @throws UserError `ERR_GROUP` when ranks do not come within the time-out (it names them), when two processes have one rank,
 *   or when they were started with different settings
 */
export async function gatherMembers(store: GroupStore, me: GroupMember): Promise<GroupMember[]> {
  const { rank, size } = store;
  if ((await store.add(`members/${rank}/count`, 1)) > 1) throw twice(store, await store.get(`members/${rank}`));
  await store.set(`members/${rank}`, JSON.stringify(me));
  const all = Array.from({ length: size }, (_, k) => k);
  const texts = await store.waitForRanks(`joinGroup at ${store.place}`, all, (k) => `members/${k}`);
  const members = texts.map((text) => JSON.parse(text) as GroupMember);
  for (const key of ['backend', 'timeoutMs'] as const) checkSame(members, key);
  return members;
}

function twice({ rank, place }: GroupStore, text: string | null): UserError {
  const other = text === null ? 'another process' : nameOf(JSON.parse(text) as GroupMember);
  return new UserError(
    `Rank ${rank} was taken by ${other} before this process came to ${place}: each process needs a rank of its own, and each group a store of its own.`,
    { code: 'ERR_GROUP' },
  );
}

const nameOf = ({ host, pid }: GroupMember): string => `process ${pid} on ${host}`;

function checkSame(members: readonly GroupMember[], key: 'backend' | 'timeoutMs'): void {
  const first = members[0]![key];
  const other = members.findIndex((member) => member[key] !== first);
  if (other < 0) return;
  throw new UserError(
    `Expected one ${key} for all ranks but rank 0 was given ${first} and rank ${other} ${members[other]![key]}.`,
    { code: 'ERR_GROUP' },
  );
}
