import { expected, UserError } from '@motion-enhancer/support';
import { resolveDevice } from '../devices.js';
import { native } from '../native.js';
import { chooseBackend } from './choose-backend.js';
import { gatherMembers } from './gather-members.js';
import { glooAddress } from './gloo-address.js';
import { groupError } from './group-error.js';
import { describeMember } from './group-member.js';
import type { GroupStore } from './group-store.js';
import { openGroupStore } from './open-group-store.js';
import { ProcessGroup } from './process-group.js';
import { soloGroup } from './solo-group.js';
import type { StorePlace } from './store-place.js';
import { withDeadline } from './with-deadline.js';

export interface JoinOptions {
  rank: number;
  size: number;
  localRank?: number;
  /** Null only for a group of one. */
  store: StorePlace | null;
  /**
   * `auto`: nothing for one process; else NCCL where every rank has a GPU of its own and a binding with NCCL, and Gloo where
   * not. Named, it is used by one process too (to measure what it costs), which then needs a store.
   */
  backend?: 'auto' | 'gloo' | 'nccl';
  /** How long a rank waits for others, here and in every collective. Ten minutes by default. */
  timeoutMs?: number;
  /** How long to wait for the others to start, where that may take longer; `timeoutMs` by default. */
  joinTimeoutMs?: number;
  /** The device on which this rank computes: `cpu` (the default) or `cuda:N`. */
  device?: string;
  /** Tells groups of one process apart; the same on all ranks. */
  name?: string;
}

export const DEFAULT_TIMEOUT_MS = 600_000;
/** Beyond Gloo's own time-out. */
const MARGIN_MS = 5_000;
const open = new Set<string>();

/**
 * Joins the processes that were started together; every one of them calls this. `joinGroup({ ...readGroupEnvironment(), device })`
 * is the usual form. A group of one needs no store and calls nothing native.
 *
 * GPU tensors in a group over Gloo go through host memory.
 * @throws UserError `ERR_GROUP`: ranks that do not come within the time-out (named), a port in use, an address that does not
 *   answer, a rank taken twice, different settings, NCCL that was asked for and is missing
 */
export async function joinGroup(options: JoinOptions): Promise<ProcessGroup> {
  const { rank, size, localRank = 0, name = 'world', timeoutMs = DEFAULT_TIMEOUT_MS } = options;
  const joinTimeoutMs = options.joinTimeoutMs ?? timeoutMs;
  check(options, timeoutMs);
  check(options, joinTimeoutMs);
  if (size === 1 && (options.backend ?? 'auto') === 'auto') return soloGroup(localRank);
  if (options.store === null) throw expected('a place where the processes find each other', 'store', null);
  if (open.has(name)) throw new UserError(`This process is in a group named ${name} already.`, { code: 'ERR_GROUP' });
  const device = resolveDevice(options.device ?? 'cpu');
  open.add(name);
  const { store, serves, address } = await openGroupStore(options.store, {
    rank,
    size,
    timeoutMs: joinTimeoutMs,
  }).catch((error) => {
    open.delete(name);
    throw error;
  });
  try {
    const me = describeMember(device, address, options.backend ?? 'auto', timeoutMs);
    const members = await gatherMembers(store, me);
    store.timeoutMs = timeoutMs;
    const backend = chooseBackend(options.backend ?? 'auto', members);
    await connect(store, name, backend, glooAddress(me, members));
    const hosts = members.map((member) => member.host);
    return new ProcessGroup({
      name,
      rank,
      size,
      localRank,
      backend,
      timeoutMs,
      store,
      hosts,
      serves,
      onClose: () => open.delete(name),
    });
  } catch (error) {
    store.close();
    open.delete(name);
    throw error;
  }
}

async function connect(store: GroupStore, name: string, backend: 'gloo' | 'nccl', address: string): Promise<void> {
  const { handle, rank, size, timeoutMs } = store;
  const start = performance.now();
  const failed = (reason: string, cause?: unknown) =>
    groupError({ rank, size, operation: 'joinGroup', waitedMs: performance.now() - start }, reason, cause);
  // The variable that torch's own programs know; an address is found without it.
  const networkInterface = process.env.GLOO_SOCKET_IFNAME?.split(',')[0] ?? '';
  const made = native.createGroup(
    handle,
    name,
    rank,
    size,
    backend === 'nccl',
    timeoutMs,
    networkInterface,
    networkInterface === '' ? address : '',
  );
  try {
    await withDeadline(made, timeoutMs + MARGIN_MS, () => failed('the ranks could not connect to each other.'));
  } catch (cause) {
    if ((cause as { code?: string }).code === 'ERR_GROUP') throw cause;
    throw failed(
      `the ranks could not connect to each other from ${networkInterface || address} (${(cause as Error).message.split('\n')[0]}).`,
      cause,
    );
  }
}

function check({ rank, size }: JoinOptions, timeoutMs: number): void {
  if (!Number.isInteger(size) || size < 1) throw expected('a whole number of processes', 'size', size);
  if (!Number.isInteger(rank) || rank < 0 || rank >= size) throw expected(`0 to ${size - 1}`, 'rank', rank);
  if (!(timeoutMs > 0)) throw expected('a positive time-out in milliseconds', 'timeoutMs', timeoutMs);
}
