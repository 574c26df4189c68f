import { UserError } from '@motion-enhancer/support';
import { native } from '../native.js';
import { groupError } from './group-error.js';
import { GroupStore } from './group-store.js';
import type { StorePlace } from './store-place.js';
import { waitForServer } from './wait-for-server.js';
import { withDeadline } from './with-deadline.js';

/** Beyond libtorch's own time-out, which names the reason; it may try a second time. */
const MARGIN_MS = 5_000;

interface Joining {
  rank: number;
  size: number;
  timeoutMs: number;
}

/**
 * Opens the store by which a group's processes find each other; the rank that serves it starts the server.
 * @returns the store, and this machine's address for the others
 * @throws UserError `ERR_GROUP` when the port is in use, or nothing that is such a store answers within the time-out
 */
export async function openGroupStore(
  place: StorePlace,
  joining: Joining,
): Promise<{ store: GroupStore; serves: boolean; address: string }> {
  if (place.kind === 'file') {
    const handle = await open(place.path, -1, false, '', joining);
    const described = `the rendezvous file ${place.path}`;
    return {
      store: new GroupStore(handle, { place: place.path, described }, joining),
      serves: false,
      address: '127.0.0.1',
    };
  }
  const { host, port, byLauncher = false, prefix = '' } = place;
  const serves = joining.rank === 0 && !byLauncher;
  const at = `${host}:${port}`;
  const start = performance.now();
  const failed = (reason: string, cause: unknown) =>
    groupError({ ...joining, operation: 'joinGroup', waitedMs: performance.now() - start }, reason, cause);
  try {
    if (!serves) await waitForServer(host, port, joining.timeoutMs);
    const handle = await open(host, port, serves, prefix, joining);
    const address = await waitForServer(host, port, joining.timeoutMs);
    const described = `the store at ${at}, which ${byLauncher ? 'the launcher' : 'rank 0'} serves,`;
    return { store: new GroupStore(handle, { place: at, described }, joining), serves, address };
  } catch (cause) {
    throw failed(reasonOf(cause as Error & { code?: string }, at, serves), cause);
  }
}

function reasonOf({ message, code }: Error & { code?: string }, at: string, serves: boolean): string {
  if (/EADDRINUSE|address already in use/i.test(message))
    return `the port of ${at} is in use by another program on this host. Choose another MASTER_PORT, or end that program.`;
  if (serves)
    return `the store at ${at} could not be served (${firstLine(message)}). MASTER_ADDR must be this host, which has rank 0.`;
  if (code === 'ENOTFOUND' || code === 'EAI_AGAIN') return `MASTER_ADDR of ${at} is no known host.`;
  if (code === 'ECONNREFUSED')
    return `nobody listens at ${at}, where rank 0 should serve (connection refused). Was rank 0 started?`;
  if (/does not answer|ETIMEDOUT|EHOSTUNREACH|ENETUNREACH/.test(`${code} ${message}`))
    return `${at}, where rank 0 should serve, does not answer. Check MASTER_ADDR and the firewall.`;
  return `what answers at ${at} is not the store of rank 0 (${firstLine(message)}).`;
}

const firstLine = (text: string): string => text.split('\n')[0]!;

function open(hostOrPath: string, port: number, serve: boolean, prefix: string, joining: Joining): Promise<number> {
  const { size, timeoutMs } = joining;
  const late = () => new UserError('it does not answer');
  return withDeadline(
    native.openStore(hostOrPath, port, serve, prefix, size, timeoutMs),
    2 * timeoutMs + MARGIN_MS,
    late,
  );
}
