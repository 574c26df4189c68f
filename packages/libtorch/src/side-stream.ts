import { native } from './native.js';

/** Side streams of a device by its name, for the life of the process. */
const streams = new Map<string, number>();
const DEFAULT = 0;

/**
 * Runs `body` with its device work on a side stream, beside what is on the default one: the two share the device. What
 * `body` reads must be on the device already. On a CPU it simply runs.
 * @param device `cpu` or `cuda:N`
 * @returns `join`: to be called before the results are used on the default stream, which then waits for them; the host
 *   does not. Results must not be freed before work that reads them is done.
 */
export function onSideStream<T>(device: string, body: () => T): { value: T; join: () => void } {
  if (device === 'cpu') return { value: body(), join: () => {} };
  let stream = streams.get(device);
  if (stream === undefined) {
    stream = native.newStream(device);
    streams.set(device, stream);
  }
  const side = stream;
  const before = native.exchangeStream(device, side);
  try {
    const value = body();
    return { value, join: () => native.waitForStream(device, DEFAULT, side) };
  } finally {
    native.exchangeStream(device, before);
  }
}
