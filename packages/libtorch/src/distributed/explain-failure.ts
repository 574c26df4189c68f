import { setTimeout as sleep } from 'node:timers/promises';
import { UserError } from '@motion-enhancer/support';
import type { ProcessGroup } from './process-group.js';
import { rankList } from './rank-list.js';
import { withDeadline } from './with-deadline.js';

/** How long ranks wait at most for each other's word that they failed too, ms. */
const PATIENCE_MS = 2_000;

/**
 * Adds to a failed collective's error which ranks are gone: those that do not say within 2 s that theirs failed as well.
 * For code that catches an error of a synchronous collective; `wait` does it itself.
 */
export async function explainFailure(group: ProcessGroup, error: UserError): Promise<UserError> {
  if (!group.store || error.code !== 'ERR_GROUP' || explained.has(error)) return error;
  const silent = await silentRanks(group).catch(() => null);
  const more =
    silent === null
      ? `Nor does ${group.store.described} answer.`
      : silent.length > 0
        ? `No word from ${named(group, silent)}.`
        : 'Every rank is alive: they did not call the same collectives in time.';
  const full = new UserError(`${error.message} ${more}`, { code: error.code, cause: error.cause });
  explained.add(full);
  return full;
}

const explained = new WeakSet<UserError>();

async function silentRanks({ store, rank, size, timeoutMs }: ProcessGroup): Promise<number[]> {
  const patience = Math.min(PATIENCE_MS, timeoutMs / 2);
  const ask = async (): Promise<number[]> => {
    await store!.set(`failed/${rank}`, '1');
    let silent = Array.from({ length: size }, (_, k) => k);
    for (const end = performance.now() + patience; silent.length > 0 && performance.now() < end; ) {
      const texts = await Promise.all(silent.map((k) => store!.get(`failed/${k}`)));
      silent = silent.filter((_, i) => texts[i] === null);
      if (silent.length > 0) await sleep(20);
    }
    return silent;
  };
  return withDeadline(ask(), 2 * patience, () => new Error('late'));
}

function named({ hosts }: ProcessGroup, ranks: readonly number[]): string {
  const first = ranks[0]!;
  return ranks.length === 1 ? `rank ${first} (${hosts[first]})` : rankList(ranks);
}
