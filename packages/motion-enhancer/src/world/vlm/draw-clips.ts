import { once } from 'node:events';
import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import type { Form, Split } from '../generate/index.js';
import { CLIP_BYTES } from './clip-bytes.js';
import type { ClipJob } from './clip-worker.js';

export interface DrawnClips {
  /** uint8 [clips, 16, 64, 64, 3] */
  frames: Uint8Array;
  /** uint8 [clips, 16, 64, 64]: the object in front, index + 1, or 0; null where they were not wanted. */
  masks: Uint8Array | null;
}

/** Clips at a time a worker: they finish within a second. */
const AT_A_TIME = 64;

/**
 * Threads that wait for work. They live as long as the process and do not keep it alive: Node 20 may abort when a thread
 * ends while its code is still being optimised in the background, as it is right after it was busy.
 */
const pool: Worker[] = [];

function worker(i: number): Worker {
  pool[i] ??= new Worker(new URL('./clip-worker.js', import.meta.url));
  return pool[i];
}

/**
 * Draws clips of the world on all cores.
 * @param indices of the split
 */
export async function drawClips(
  split: Split,
  form: Form,
  indices: readonly number[],
  options: { masks?: boolean; threads?: number; onProgress?(done: number): void } = {},
): Promise<DrawnClips> {
  const shared = (bytes: number) => new Uint8Array(new SharedArrayBuffer(bytes));
  const frames = shared(indices.length * CLIP_BYTES);
  const masks = options.masks ? shared((indices.length * CLIP_BYTES) / 3) : null;
  const job = { split, form, frames, masks, indices: Int32Array.from(indices), bytes: CLIP_BYTES };
  let next = 0;
  let done = 0;
  const threads = Math.min(options.threads ?? availableParallelism(), Math.ceil(indices.length / AT_A_TIME));
  const work = async (_: unknown, i: number) => {
    const thread = worker(i);
    thread.ref();
    try {
      while (next < indices.length) {
        const from = next;
        next = Math.min(indices.length, next + AT_A_TIME);
        const answered = once(thread, 'message');
        thread.postMessage({ ...job, from, to: next } satisfies ClipJob);
        done += ((await answered) as [number])[0];
        options.onProgress?.(done);
      }
    } finally {
      thread.unref();
    }
  };
  await Promise.all(Array.from({ length: threads }, work));
  return { frames, masks };
}
