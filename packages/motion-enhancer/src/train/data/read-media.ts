import { availableParallelism } from 'node:os';
import { fromTypedArray } from '@motion-enhancer/libtorch';
import { MediaPool } from '../../eval/media/media-pool.js';
import { threadsKnow } from '../../vlm/families/table.js';
import type { ReadMedium, Vlm } from '../../vlm/index.js';

export interface MediaReaders {
  /** undefined: on this thread. */
  read: ReadMedium | undefined;
  /** What is being read is read to its end and let go. */
  close(): Promise<void>;
}

/** Most threads that are started unasked: decoding is bound by memory as well. */
const MOST = 8;

/**
 * Threads that decode and prepare media: the main one stands still while it waits for the device.
 * @param workers how many; null: half of the cores where a GPU computes, none where the CPU does
 * @param ahead samples that are made ready ahead: while a step runs nobody hands out work
 */
export function mediaReaders(vlm: Vlm, workers: number | null, ahead: number): MediaReaders {
  const { device, dtype } = vlm;
  const count = workers ?? (device === 'cpu' ? 0 : Math.max(1, Math.min(MOST, availableParallelism() >> 1)));
  if (count === 0 || !threadsKnow(vlm.family)) return { read: undefined, close: async () => {} };
  const pool = new MediaPool(vlm.dir, count, Math.ceil(ahead / count));
  return {
    async read(part, settings) {
      if (!('path' in part || 'paths' in part)) throw new TypeError('threads read files, not tensors');
      const medium = 'paths' in part ? { type: 'frames' as const, paths: part.paths } : part;
      const {
        pixels,
        shape,
        picture: _,
        dtype: kind,
        ...input
      } = await pool.read({ medium, settings, dtype, picture: false });
      return { ...input, pixels: fromTypedArray(pixels, shape, kind) };
    },
    close: () => pool.close(),
  };
}
