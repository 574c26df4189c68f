import { meet } from './barrier.js';
import type { ProcessGroup } from './process-group.js';

/**
 * The values of all ranks by rank, on every rank: small things that JSON can hold, such as a configuration. It goes by the
 * store, not by the tensors' way, so it may be under way while collectives are.
 * @throws UserError `ERR_GROUP` after the group's time-out, naming the ranks that did not come
 */
export async function gatherJson<T>(value: T, group: ProcessGroup): Promise<T[]> {
  if (group.backend === 'none') return [value];
  const texts = await meet(group, 'gatherJson', JSON.stringify(value) ?? 'null');
  return texts.map((text) => JSON.parse(text) as T);
}
