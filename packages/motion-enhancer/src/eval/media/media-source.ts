import { threadsKnow } from '../../vlm/families/table.js';
import { mediumReader } from '../../vlm/media/medium-reader.js';
import type { Vlm } from '../../vlm/types.js';
import { MediaPool } from './media-pool.js';
import { type MediumRequest, type ReadMedium, readMedium } from './read-medium.js';

/** Whatever decodes and prepares media. */
export interface MediaSource {
  /** @throws UserError as `readMedium` does */
  read(request: MediumRequest): Promise<ReadMedium>;
  /** What is being read is read to its end. */
  close(): Promise<void>;
}

/**
 * Threads that read a model's media; this thread, where they would not know its family.
 * @param depth see `MediaPool`
 */
export function openMediaSource(vlm: Vlm, count: number, depth = 1): MediaSource {
  if (threadsKnow(vlm.family)) return new MediaPool(vlm.dir, count, depth);
  const reader = mediumReader(vlm);
  return { read: (request) => readMedium(reader, request), close: async () => {} };
}
