import type { ProcessGroup } from './process-group.js';

/**
 * Waits until every rank has come here. The event loop stays free. It orders what processes do, not what GPUs do.
 * @throws UserError `ERR_GROUP` after the group's time-out, naming the ranks that did not come
 */
export async function barrier(group: ProcessGroup): Promise<void> {
  await meet(group, 'barrier', '');
}

/** @internal Every rank leaves a text and gets those of all. */
export async function meet(group: ProcessGroup, operation: string, text: string): Promise<string[]> {
  const { store, rank, size } = group;
  if (!store) return [text];
  const turn = group.next(operation);
  const key = (at: number) => (k: number) => `${operation}/${at}/${k}`;
  await store.set(key(turn)(rank), text);
  const all = Array.from({ length: size }, (_, k) => k);
  const texts = await store.waitForRanks(operation, all, key(turn)).catch((error) => {
    group.markBroken();
    throw error;
  });
  // Whoever came here has read all of the time before.
  if (turn > 0) await store.delete(key(turn - 1)(rank));
  return texts;
}
