import { native } from './native.js';

/** Queues of a device by its name, for the life of the process. */
const queues = new Map<string, number>();
const DEFAULT = 0;

/**
 * Runs `body` with its device work on a second queue, beside what is on the default one: the two share the device. What
 * `body` reads must be on the device already. On a CPU it simply runs.
 * @param device `cpu` or `cuda:N`
 * @returns `join`: to be called before the results are used on the default queue, which then waits for them; the host
 *   does not. Results must not be freed before work that reads them is done.
 */
export function besideDefaultQueue<T>(device: string, body: () => T): { value: T; join: () => void } {
  if (device === 'cpu') return { value: body(), join: () => {} };
  let queue = queues.get(device);
  if (queue === undefined) {
    queue = native.newStream(device);
    queues.set(device, queue);
  }
  const side = queue;
  const before = native.exchangeStream(device, side);
  try {
    const value = body();
    return { value, join: () => native.waitForStream(device, DEFAULT, side) };
  } finally {
    native.exchangeStream(device, before);
  }
}
