import { UserError } from '@motion-enhancer/support';
import type { MediaSource } from '../media/media-source.js';
import type { MediumRequest, ReadMedium } from '../media/read-medium.js';

/** Bytes of media that wait for the model at most, going by the last one: an hour of video has most of a GiB. */
const WAITING_BYTES = 4 * 2 ** 30;

/** Media in order; up to `ahead` of them are read before they are asked for. What cannot be read comes as its error. */
export async function* readAhead(
  pool: MediaSource,
  requests: readonly MediumRequest[],
  ahead: number,
): AsyncGenerator<ReadMedium | UserError, void, void> {
  const waiting: Promise<ReadMedium | UserError>[] = [];
  let next = 0;
  let room = ahead;
  for (let taken = 0; taken < requests.length; taken++) {
    while (waiting.length < room && next < requests.length) {
      const reading = pool.read(requests[next++]!).catch((error: unknown) => {
        if (error instanceof UserError) return error;
        throw error;
      });
      // Thrown when its turn comes, not before.
      reading.catch(() => {});
      waiting.push(reading);
    }
    const medium = await waiting.shift()!;
    if (!(medium instanceof UserError))
      room = Math.max(1, Math.min(ahead, Math.floor(WAITING_BYTES / medium.pixels.byteLength)));
    yield medium;
  }
}
