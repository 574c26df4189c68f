import { UserError } from '@motion-enhancer/libtorch';
import type { MediaPool } from '../media/media-pool.js';
import type { MediumRequest, ReadMedium } from '../media/read-medium.js';

/** Media in order; up to `ahead` of them are read before they are asked for. What cannot be read comes as its error. */
export async function* readAhead(
  pool: MediaPool,
  requests: readonly MediumRequest[],
  ahead: number,
): AsyncGenerator<ReadMedium | UserError, void, void> {
  const waiting: Promise<ReadMedium | UserError>[] = [];
  let next = 0;
  for (let taken = 0; taken < requests.length; taken++) {
    while (waiting.length < ahead && next < requests.length) {
      const reading = pool.read(requests[next++]!).catch((error: unknown) => {
        if (error instanceof UserError) return error;
        throw error;
      });
      // Thrown when its turn comes, not before.
      reading.catch(() => {});
      waiting.push(reading);
    }
    yield await waiting.shift()!;
  }
}
