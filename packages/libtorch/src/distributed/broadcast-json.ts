import { checkRoot } from './broadcast.js';
import type { ProcessGroup } from './process-group.js';

/**
 * The value of rank `root`, on every rank; what the others give is not looked at. For small things that JSON can hold.
 * @throws UserError `ERR_GROUP` after the group's time-out, when `root` did not come
 */
export async function broadcastJson<T>(value: T, group: ProcessGroup, root = 0): Promise<T> {
  checkRoot(root, group);
  const { store, rank, size } = group;
  if (!store) return value;
  const turn = group.next('broadcastJson');
  const key = `broadcastJson/${turn}`;
  if (rank === root) {
    await store.set(key, JSON.stringify(value) ?? 'null');
    return value;
  }
  const [text] = await store.waitForRanks('broadcastJson', [root], () => key);
  // The last one to read it takes it away.
  if ((await store.add(`${key}/read`, 1)) === size - 1) {
    await store.delete(key);
    await store.delete(`${key}/read`);
  }
  return JSON.parse(text!) as T;
}
